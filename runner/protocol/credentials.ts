/** What this machine offers for signing in to storage services. Names and addresses only, never a secret. */
export interface CredentialChoices {
  readonly aws: AwsChoices;
  readonly google: GoogleChoices;
  readonly azure: AzureChoices;
}

export interface AwsChoices {
  /** Of ~/.aws/config and ~/.aws/credentials, sorted, `default` first. */
  readonly profiles: readonly AwsProfile[];
  /** The profile that AWS_PROFILE names. */
  readonly chosen?: string;
  /** Variables of the environment that hold keys or say where they come from; empty: none. */
  readonly variables: readonly string[];
}

export interface AwsProfile {
  readonly name: string;
  /** Where its keys come from. `none`: it has a region or an endpoint at most. */
  readonly kind: 'keys' | 'sso' | 'login' | 'role' | 'process' | 'web-identity' | 'none';
  /** In a few words: `SSO, account 123456789012, role Analyst`. */
  readonly description: string;
  readonly region?: string;
  /** Address of an S3-compatible service. */
  readonly endpoint?: string;
}

export interface GoogleChoices {
  /** Of gcloud, sorted. */
  readonly configurations: readonly GcloudConfiguration[];
  /** What application default credentials come from; undefined: there is no file. */
  readonly applicationDefault?: GoogleCredentialsFile;
}

export interface GcloudConfiguration {
  readonly name: string;
  readonly active: boolean;
  readonly account?: string;
  readonly project?: string;
}

/** A credentials file of Google Cloud. */
export interface GoogleCredentialsFile {
  readonly path: string;
  /** The variable that names it; undefined: it lies where gcloud writes it. */
  readonly variable?: string;
  /** `unreadable`: it is not there, or is no credentials file. */
  readonly kind: 'user' | 'service-account' | 'impersonated' | 'external' | 'unreadable';
  /** A service account's address. */
  readonly account?: string;
  readonly project?: string;
}

export interface AzureChoices {
  /** Of `az login`. */
  readonly subscriptions: readonly AzureSubscription[];
  /** Storage accounts that the environment or the configuration of az name, sorted. */
  readonly accounts: readonly string[];
  /** Variables of the environment that hold credentials; empty: none. */
  readonly variables: readonly string[];
}

export interface AzureSubscription {
  readonly id: string;
  readonly name: string;
  readonly tenant?: string;
  /** Who is signed in. */
  readonly user?: string;
  readonly isDefault: boolean;
}
