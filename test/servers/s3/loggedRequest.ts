/** A request as the server's log keeps it. Holds neither signature nor token. */
export interface LoggedRequest {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly range: string | undefined;
  readonly accessKeyId: string | undefined;
  /** That the request was signed for. */
  readonly region: string | undefined;
  readonly requesterPays: boolean;
  /** As asked for in headers. */
  readonly storageClass: string | undefined;
  /** `AES256` or `aws:kms`, as asked for in headers. */
  readonly encryption: string | undefined;
  readonly encryptionKey: string | undefined;
  /** Whether the bucket stood in the path, not in the host's name. */
  readonly pathStyle: boolean;
}
