import type { ErrorCode } from './errors.ts';

/** Where data can be: the folders of this machine, or a service. `coiled`: where machines are had. */
export type ServiceScheme = 'local' | 's3' | 'gs' | 'az' | 'coiled';

/** What `spimquant doctor` found, for programs: its form stays. Never holds a secret. */
export interface Health {
  /** What was asked about, in its one written form, or `coiled`; left out: every service. */
  readonly uri?: string;
  /** Whether what was asked about can be read; of Coiled, whether machines can be had. */
  readonly readable?: boolean;
  readonly services: readonly ServiceHealth[];
  /** Proxies that the environment names. */
  readonly proxies: readonly ProxyVariable[];
}

/** A variable that sends requests through a proxy, or (NO_PROXY) past it. User names and passwords are left out. */
export interface ProxyVariable {
  readonly variable: string;
  readonly value: string;
}

export interface ServiceHealth {
  readonly scheme: ServiceScheme;
  /** `Amazon S3`, or what is known of a service like it. */
  readonly title: string;
  /** `well`: all that was tried works. `ill`: something does not. `unused`: nothing here is set up for it. */
  readonly status: 'well' | 'ill' | 'unused';
  readonly identity?: ServiceIdentity;
  /** Where requests go. */
  readonly endpoint?: string;
  /** Region or location of the bucket, or where requests begin; of Coiled, where machines are made when nothing is said. */
  readonly region?: string;
  readonly checks: readonly HealthCheck[];
}

/** Who a service takes us for. */
export interface ServiceIdentity {
  /** As the service names it: an ARN, a service account, an object id; left out: nobody could be asked. */
  readonly name?: string;
  /** AWS account, project of Google Cloud, storage account or tenant of Azure, workspace of Coiled. */
  readonly account?: string;
  /** Where the credentials come from, in words. */
  readonly source: string;
  /** ISO 8601; left out: they do not expire, or it is not known when. */
  readonly expires?: string;
  /** They are renewed by themselves, as long as the sign-in behind them holds. */
  readonly renews?: boolean;
}

export type CheckName = 'sign-in' | 'identity' | 'reach' | 'clock' | 'buckets' | 'bucket' | 'list' | 'read' | 'write' | 'space' | 'workspace' | 'cloud' | 'quota' | 'machines';

/** Something that was tried. */
export interface HealthCheck {
  readonly name: CheckName;
  readonly outcome: 'yes' | 'no' | 'unknown';
  /** What came of it, as one sentence or less. */
  readonly said: string;
  /** Of `no`, and where it is known what to do. */
  readonly problem?: HealthProblem;
}

export interface HealthProblem {
  readonly code: ErrorCode;
  /** Which entry of docs/troubleshooting.md. */
  readonly remedy: string;
  /** The one step that mends it, as that entry has it. */
  readonly step: string;
}
