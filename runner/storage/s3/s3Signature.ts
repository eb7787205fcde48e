import { createHmac, hash } from 'node:crypto';

/** Keys that sign requests. */
export interface SigningKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A request without a body whose address is in its one written form: the path is encoded, and there is no query. */
export interface UnsignedGet {
  /** With its port, where that is not the usual one. */
  readonly host: string;
  readonly path: string;
  /** Names in small letters. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
}

/** SHA-256 of nothing. */
const emptyHash = hash('sha256', '');

/** Signs GET requests by Signature Version 4. The key that is derived for a day is kept: deriving it takes longer than signing. */
export class S3Signer {
  readonly #region: string;
  readonly #service: string;
  #derived: { readonly of: string; readonly key: HmacKey } | undefined;

  constructor(region: string, service: string) {
    this.#region = region;
    this.#service = service;
  }

  /** The headers to send. `now`: milliseconds since the epoch, by the service's clock. */
  sign({ host, path, headers }: UnsignedGet, keys: SigningKeys, now: number): Readonly<Record<string, string>> {
    const time = `${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    const day = time.slice(0, 8);
    const scope = `${day}/${this.#region}/${this.#service}/aws4_request`;
    const all: Record<string, string> = {
      ...headers, host, 'x-amz-content-sha256': emptyHash, 'x-amz-date': time,
      ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }),
    };
    const names = Object.keys(all).sort();
    const signed = names.join(';');
    const canonical = `GET\n${path}\n\n${names.map((name) => `${name}:${all[name].trim().replaceAll(/\s+/g, ' ')}\n`).join('')}\n${signed}\n${emptyHash}`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = this.#key(keys.secretAccessKey, day).digest(text);
    return { ...all, authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}` };
  }

  #key(secret: string, day: string): HmacKey {
    const of = `${day} ${secret}`;
    if (this.#derived?.of !== of) {
      const key = [this.#region, this.#service, 'aws4_request'].reduce((above, part) => hmac(above, part), hmac(`AWS4${secret}`, day));
      this.#derived = { of, key: new HmacKey(key) };
    }
    return this.#derived.key;
  }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** HMAC-SHA-256 by one key of 32 bytes. Node's own takes ten times as long to take its key as to hash a few hundred bytes. */
class HmacKey {
  readonly #inner = Buffer.alloc(64, 0x36);
  readonly #outer = Buffer.alloc(64, 0x5c);

  constructor(key: Buffer) {
    for (const [at, byte] of key.entries()) {
      this.#inner[at] ^= byte;
      this.#outer[at] ^= byte;
    }
  }

  /** In hex. */
  digest(text: string): string {
    const inner = hash('sha256', Buffer.concat([this.#inner, Buffer.from(text)]), 'buffer');
    return hash('sha256', Buffer.concat([this.#outer, inner]));
  }
}
