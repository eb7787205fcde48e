import type { Bucket, StoredObject } from './state.ts';

/** What the server is going to send. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** JSON, cut down to what the `fields` parameter asks for. */
export function json(value: object, fields?: string): Answer {
  const wanted = fields === undefined || fields === '*' ? value : pick(value, parseFields(fields));
  return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8', 'cache-control': 'no-cache, no-store, max-age=0, must-revalidate' }, body: JSON.stringify(wanted ?? {}) };
}

/** Names of fields, and what of each; an empty map is all of it. */
type Fields = ReadonlyMap<string, FieldsBelow>;
interface FieldsBelow {
  readonly below: Fields;
}

/** Reads a mask such as `nextPageToken,items(name,size)` or `items/name`. */
function parseFields(text: string): Fields {
  let at = 0;
  const list = (): Fields => {
    const fields = new Map<string, FieldsBelow>();
    for (;;) {
      const [name] = /^[^,()/]*/.exec(text.slice(at)) ?? [''];
      at += name.length;
      const next = text[at];
      let inner: Fields = new Map();
      if (next === '(') {
        at += 1;
        inner = list();
        at += 1;
      } else if (next === '/') {
        at += 1;
        const [below] = /^[^,()]*/.exec(text.slice(at)) ?? [''];
        at += below.length;
        inner = new Map([[below, { below: new Map() }]]);
      }
      fields.set(name.trim(), { below: inner });
      if (text[at] !== ',') return fields;
      at += 1;
    }
  };
  return list();
}

function pick(value: unknown, fields: Fields): unknown {
  if (fields.size === 0 || fields.has('*')) return value;
  if (Array.isArray(value)) return value.map((item) => pick(item, fields));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => {
    const wanted = fields.get(name);
    return wanted === undefined ? [] : [[name, pick(inner, wanted.below)]];
  }));
}

type Described = Omit<StoredObject, 'read' | 'close'>;

/** An object as the JSON API describes it. Numbers of 64 bits are texts. */
export function objectResource(bucket: Bucket, object: Described): object {
  const { name, generation, created } = object;
  return {
    kind: 'storage#object',
    id: `${bucket.name}/${name}/${generation}`,
    name,
    bucket: bucket.name,
    generation,
    metageneration: '1',
    contentType: object.contentType,
    ...(object.contentEncoding === undefined ? {} : { contentEncoding: object.contentEncoding }),
    storageClass: object.storageClass ?? 'STANDARD',
    size: String(object.size),
    ...(object.md5Hash === undefined ? {} : { md5Hash: object.md5Hash }),
    crc32c: object.crc32c,
    etag: etagOf(object),
    timeCreated: created.toISOString(),
    updated: created.toISOString(),
    ...(object.metadata === undefined ? {} : { metadata: object.metadata }),
    // The service tells which version of the key it was.
    ...(object.kmsKeyName === undefined ? {} : { kmsKeyName: `${object.kmsKeyName}/cryptoKeyVersions/1` }),
  };
}

export function etagOf(object: Described): string {
  return Buffer.from(`${object.generation}/1`).toString('base64');
}
