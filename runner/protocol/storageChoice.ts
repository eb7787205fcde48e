/**
 * How buckets are reached and written: what the flags of the storage group say. Names, addresses and choices only, never
 * a secret; credentials come from where the providers' own tools keep them.
 */
export interface StorageChoice {
  /** AWS profile; its region, credentials and `endpoint_url` are used. */
  readonly awsProfile?: string;
  /** An S3-compatible endpoint, e.g. http://127.0.0.1:9000. Overrides the profile's and the environment's. */
  readonly s3Endpoint?: string;
  readonly s3Region?: string;
  /** A service that speaks the JSON API of Google Cloud Storage. */
  readonly gcsEndpoint?: string;
  /** Google Cloud project: whose buckets are listed, and who pays where readers pay. */
  readonly gcsProject?: string;
  /** Path of a credentials file of Google Cloud (a service account's key, say) instead of the application default ones. */
  readonly gcsCredentials?: string;
  /** Address of an Azure Blob service for the account, e.g. http://127.0.0.1:10000/devstoreaccount1. */
  readonly azureEndpoint?: string;
  /** Unsigned requests, for public buckets. */
  readonly anonymous?: boolean;
  /** The reader's account is billed for requests and transfer. */
  readonly requesterPays?: boolean;
  /** Storage class (Azure: access tier) of objects that are written, as the service calls it, e.g. STANDARD_IA. */
  readonly storageClass?: string;
  /** Encryption of objects that are written: by the provider's key (`provider`), or by a key of its key management (`kms`). Left out: as the bucket has it. */
  readonly encryption?: 'provider' | 'kms';
  /** Which key: an ARN or id (S3), a resource name (GCS), an encryption scope (Azure). Left out: the bucket's or account's default. */
  readonly encryptionKey?: string;
}

/** Every field of a {@link StorageChoice}, the flag that sets it, and what it may hold. */
export const storageFields: { readonly [K in keyof Required<StorageChoice>]: { readonly flag: string; readonly kind: 'text' | 'address' | 'switch' | 'encryption' } } = {
  awsProfile: { flag: 'aws-profile', kind: 'text' },
  s3Endpoint: { flag: 's3-endpoint', kind: 'address' },
  s3Region: { flag: 's3-region', kind: 'text' },
  gcsEndpoint: { flag: 'gcs-endpoint', kind: 'address' },
  gcsProject: { flag: 'gcs-project', kind: 'text' },
  gcsCredentials: { flag: 'gcs-credentials', kind: 'text' },
  azureEndpoint: { flag: 'azure-endpoint', kind: 'address' },
  anonymous: { flag: 'anonymous', kind: 'switch' },
  requesterPays: { flag: 'requester-pays', kind: 'switch' },
  storageClass: { flag: 'storage-class', kind: 'text' },
  encryption: { flag: 'encryption', kind: 'encryption' },
  encryptionKey: { flag: 'encryption-key', kind: 'text' },
};

const fieldEntries = Object.entries(storageFields) as readonly (readonly [keyof StorageChoice, (typeof storageFields)[keyof StorageChoice]])[];

/** Flags that say how a bucket is reached; the others say how its objects are kept. */
export const reachFlags: readonly string[] = fieldEntries.map(([, { flag }]) => flag).filter((flag) => !['storage-class', 'encryption', 'encryption-key'].includes(flag));

/** Begins the flags that say how a transfer's destination is reached, where it is not as the source. */
export const destinationPrefix = 'to-';

/** Whether a text can be the address of a storage service: http or https, without user name or password. */
export function isServiceAddress(text: string): boolean {
  return /^https?:\/\/[^@\s]+$/i.test(text);
}

/**
 * Makes a choice from what `value` says of each field. Empty texts, switches that are off and values of another kind are
 * left out, so that equal choices are equal as JSON, and nothing else (a secret, say) ever gets in.
 */
export function storageChoiceFrom(value: (field: keyof StorageChoice, flag: string) => unknown): StorageChoice {
  const fields = fieldEntries.flatMap(([field, { flag, kind }]) => {
    const given = value(field, flag);
    const fits = kind === 'switch' ? given === true : typeof given === 'string' && given !== '' && (kind !== 'encryption' || given === 'provider' || given === 'kms');
    return fits ? [[field, given]] : [];
  });
  return Object.fromEntries(fields) as StorageChoice;
}

/** Only what a storage choice may hold, of something that came from a file or another process. */
export function cleanStorage(raw: unknown): StorageChoice {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Readonly<Record<string, unknown>>;
  return storageChoiceFrom((field) => given[field]);
}

/** A storage choice as flags of the command line, in the order of the fields. `prefix`: see {@link destinationPrefix}. */
export function storageFlags(storage: StorageChoice, prefix = ''): readonly string[] {
  return fieldEntries.flatMap(([field, { flag, kind }]) => {
    const value = storage[field];
    if (value === undefined || value === false) return [];
    return kind === 'switch' ? [`--${prefix}${flag}`] : [`--${prefix}${flag}`, String(value)];
  });
}

/** The field whose address cannot be that of a service; undefined: all can. */
export function badAddress(storage: StorageChoice): keyof StorageChoice | undefined {
  return fieldEntries.find(([field, { kind }]) => {
    const value = storage[field];
    return kind === 'address' && typeof value === 'string' && !isServiceAddress(value);
  })?.[0];
}

/** What holds for an output besides a dataset that is read by `storage`: one's own bucket is neither public nor paid for. */
export function ownStorage(storage: StorageChoice): StorageChoice {
  return { ...storage, anonymous: false, requesterPays: false };
}
