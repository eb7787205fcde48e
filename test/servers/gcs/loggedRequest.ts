/** A request as the server's log keeps it. Holds neither token nor session. */
export interface LoggedRequest {
  readonly method: string;
  /** `token`: any of the services that give tokens. */
  readonly api: 'json' | 'upload' | 'xml' | 'token';
  readonly bucket: string;
  /** Of an object; empty for requests to the bucket itself. */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly range: string | undefined;
  readonly contentRange: string | undefined;
  /** Whether it came with a token, good or not. */
  readonly authorised: boolean;
  /** The project that pays. */
  readonly userProject: string | undefined;
}
