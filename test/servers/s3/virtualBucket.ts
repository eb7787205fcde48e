import { md5 } from './bucket.ts';
import type { BucketBackend, ListRange, ObjectInfo, Row, StoredObject } from './bucket.ts';

/** A file or folder that is made up when it is asked for. */
export type VirtualNode =
  | { readonly kind: 'file'; /** Made when it is read or listed. */ readonly content: () => string; /** Of files whose content says nothing of them. */ readonly size?: number }
  | { readonly kind: 'folder'; readonly groups: readonly VirtualGroup[] };

/** Some neighbours in a folder: their names (of a folder with its slash) ascend, within a group and from one group to the next. */
export interface VirtualGroup {
  readonly count: number;
  name(index: number): string;
  node(index: number): VirtualNode;
}

const modified = new Date('2026-01-01T00:00:00Z');

/** A group of one. */
export function single(name: string, node: VirtualNode): VirtualGroup {
  return { count: 1, name: () => name, node: () => node };
}

/** A file whose text is known. */
export function textFile(content: string | (() => string)): VirtualNode {
  return { kind: 'file', content: typeof content === 'string' ? () => content : content };
}

/** A file that is listed with a size and reads as zeros. */
export function zeros(size: number): VirtualNode {
  return { kind: 'file', content: () => '\0'.repeat(size), size };
}

/** Groups of a folder in the order in which they have to be: by their first names. */
export function folderOf(groups: readonly VirtualGroup[]): VirtualNode {
  const filled = groups.filter((group) => group.count > 0);
  return { kind: 'folder', groups: filled.sort((a, b) => (a.name(0) < b.name(0) ? -1 : 1)) };
}

/**
 * A bucket whose keys are made up as they are listed: a million of them take no memory, and a page of a listing takes no
 * longer at the end than at the beginning. Names are ASCII. Read-only.
 */
export class VirtualBucket implements BucketBackend {
  readonly #root: () => VirtualNode;

  constructor(root: () => VirtualNode) {
    this.#root = root;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    const node = this.#find(key);
    if (node?.kind !== 'file') return undefined;
    const bytes = Buffer.from(node.content(), 'latin1');
    return { ...rowOf(key, node), contentType: 'binary/octet-stream', metadata: {}, read: async (begin, end) => bytes.subarray(begin, end), close: async () => undefined };
  }

  put(_key: string, _bytes: Uint8Array, _info: ObjectInfo): Promise<Row> {
    return Promise.reject(new Error('This bucket is made up: it cannot be written to.'));
  }

  delete(): Promise<void> {
    return Promise.reject(new Error('This bucket is made up: nothing in it can be deleted.'));
  }

  async list(prefix: string, delimiter: string, { after = '', limit = Infinity }: ListRange = {}): Promise<{ readonly rows: readonly Row[]; readonly folders: ReadonlySet<string> }> {
    const rows: Row[] = [];
    const folders = new Set<string>();
    const above = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    const start = above === '' ? this.#root() : this.#find(above.slice(0, -1));
    if (start?.kind === 'folder') {
      for (const { key, node } of walk(start, above, prefix, after, delimiter === '')) {
        if (node.kind === 'folder') folders.add(key);
        else rows.push(rowOf(key, node));
        if (rows.length + folders.size >= limit) break;
      }
    }
    return { rows, folders };
  }

  #find(key: string): VirtualNode | undefined {
    let node: VirtualNode | undefined = this.#root();
    const parts = key.split('/');
    for (const [depth, part] of parts.entries()) {
      if (node?.kind !== 'folder') return undefined;
      const { groups }: { readonly groups: readonly VirtualGroup[] } = node;
      node = childCalled(groups, depth < parts.length - 1 ? `${part}/` : part) ?? childCalled(groups, `${part}/`);
    }
    return node;
  }
}

function childCalled(groups: readonly VirtualGroup[], name: string): VirtualNode | undefined {
  for (const group of groups) {
    const at = firstFrom(group, name);
    if (at < group.count && group.name(at) === name) return group.node(at);
  }
  return undefined;
}

/** The first of a group whose name is not before another. */
function firstFrom(group: VirtualGroup, name: string): number {
  let [low, high] = [0, group.count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (group.name(middle) < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keys below a folder that begin with a prefix and come after another key, in order; folders stand for what is in them unless it is to be told. */
function* walk(folder: Extract<VirtualNode, { kind: 'folder' }>, above: string, prefix: string, after: string, recursive: boolean): Generator<{ readonly key: string; readonly node: VirtualNode }> {
  const wanted = prefix.slice(above.length);
  // Of a name that the other key goes on from, only the inside may still come.
  const inside = after.startsWith(above) ? after.slice(above.length) : after > above ? undefined : '';
  if (inside === undefined) return;
  const slash = inside.indexOf('/');
  const from = slash < 0 ? inside : inside.slice(0, slash + 1);
  for (const group of folder.groups) {
    for (let at = firstFrom(group, from > wanted ? from : wanted); at < group.count; at++) {
      const name = group.name(at);
      if (!name.startsWith(wanted)) {
        if (name > wanted) break;
        continue;
      }
      const key = above + name;
      const node = group.node(at);
      if (node.kind === 'folder' && recursive) yield* walk(node, key, key, after, true);
      else if (key > after) yield { key, node };
    }
  }
}

function rowOf(key: string, node: Extract<VirtualNode, { kind: 'file' }>): Row {
  // What says nothing of itself is as it is by its name.
  const content = node.size === undefined ? node.content() : key;
  return { key, size: node.size ?? content.length, etag: md5(Buffer.from(content)), modified };
}
