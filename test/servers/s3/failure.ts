/** An answer of the server that is an error in S3's form. */
export class S3Failure extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  /** More elements of the error's XML, such as `Region`. */
  readonly extra: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, details: { readonly headers?: Readonly<Record<string, string>>; readonly extra?: Readonly<Record<string, string>> } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = details.headers ?? {};
    this.extra = details.extra ?? {};
  }
}
