import assert from 'node:assert/strict';
import { BucketCache, FileTooLarge } from '../../../extension/filesystem/bucketCache.ts';
import { addressOf, folderAbove, isWithin, uriPartsOf } from '../../../extension/filesystem/bucketUri.ts';
import { Edits } from '../../../extension/filesystem/edits.ts';
import { nearest, Reaches } from '../../../extension/filesystem/reaches.ts';
import type { Memory } from '../../../extension/filesystem/reaches.ts';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { RequestName } from '../../../runner/protocol/rpc.ts';
import type { StorageEntry } from '../../../runner/protocol/storageEntry.ts';

describe('Addresses of buckets as URIs', () => {
  const odd = ['s3://lab/a b/#1 50%?.tsv', 's3://lab/ü/日本/e\u0301', "gs://lab/it's [one]/{x}", 's3://lab/a+b&c=d;e@f', 's3://lab/%41', 'az://acc/box/$x/y.json', 's3://lab/back\\slash', 's3://lab/C:/x'];

  it('lead there and back, whatever is in the key', () => {
    for (const address of [...odd, 's3://lab', 'gs://lab', 'az://acc/box', 'az://acc/$web/i.html', 's3://Old.Bucket_Name/Key', 's3://a-b.c/x']) {
      assert.equal(addressOf(uriPartsOf(address)), address);
    }
  });

  it('have the bucket as authority, and at Azure the account', () => {
    assert.deepEqual(uriPartsOf('s3://lab/a b'), { scheme: 's3', authority: 'lab', path: '/a b' });
    assert.deepEqual(uriPartsOf('az://acc/box'), { scheme: 'az', authority: 'acc', path: '/box' });
    assert.deepEqual(uriPartsOf('s3://lab/'), { scheme: 's3', authority: 'lab', path: '/' });
    assert.deepEqual(uriPartsOf('s3://Lab/K'), { scheme: 's3', authority: '+lab', path: '/K' });
  });

  it('understand the names that stand in for a scheme that another extension has', () => {
    const parts = uriPartsOf('s3://lab/k', (service) => `spimquant-${service}`);
    assert.equal(parts.scheme, 'spimquant-s3');
    assert.equal(addressOf(parts), 's3://lab/k');
    for (const scheme of ['file', 'https', 'constructor', 's3-readonly']) assert.equal(addressOf({ scheme, authority: 'lab', path: '/k' }), undefined);
  });

  it('know the folder above, and end at the bucket', () => {
    assert.equal(folderAbove('s3://lab/a/b'), 's3://lab/a');
    assert.equal(folderAbove('s3://lab/a'), 's3://lab');
    assert.equal(folderAbove('s3://lab'), undefined);
    assert.equal(folderAbove('az://acc/box/a'), 'az://acc/box');
    assert.equal(folderAbove('az://acc/box'), undefined);
    assert.equal(isWithin('s3://lab/bids-2/x', 's3://lab/bids'), false);
  });
});

describe('How a file of a bucket is reached', () => {
  const datasets = [
    { uri: 's3://lab/bids', storage: { awsProfile: 'lab' } },
    { uri: 's3://lab/bids/derivatives/old', storage: { awsProfile: 'archive' } },
    { uri: 's3://lab', storage: { anonymous: true } },
  ];
  const memory = (): Memory & { values: Map<string, unknown> } => {
    const values = new Map<string, unknown>();
    return { values, get: (key) => values.get(key), update: async (key, value) => { values.set(key, JSON.parse(JSON.stringify(value))); } };
  };

  it('is that of the nearest dataset above', async () => {
    assert.equal(nearest('s3://lab/bids/sub-01/x', datasets)?.uri, 's3://lab/bids');
    assert.equal(nearest('s3://lab/bids', datasets)?.uri, 's3://lab/bids');
    assert.equal(nearest('s3://lab/bids2/x', datasets)?.uri, 's3://lab');
    const reaches = new Reaches(async () => datasets, memory());
    assert.deepEqual(await reaches.of('s3://lab/bids/derivatives/old/x'), { awsProfile: 'archive' });
    assert.deepEqual(await reaches.of('s3://other/x'), {});
  });

  it('is asked for once, and again when it was not to be had', async () => {
    let asked = 0;
    const reaches = new Reaches(async () => { asked += 1; if (asked === 1) throw new Error('away'); return datasets; }, memory());
    assert.deepEqual(await reaches.of('s3://lab/x'), {});
    assert.deepEqual(await Promise.all([reaches.of('s3://lab/x'), reaches.of('s3://lab/y')]), [{ anonymous: true }, { anonymous: true }]);
    assert.equal(asked, 2);
    reaches.setList([]);
    assert.deepEqual(await reaches.of('s3://lab/x'), {});
  });

  it('is remembered where a command named another way, without anything but the way', async () => {
    const kept = memory();
    const reaches = new Reaches(async () => datasets, kept);
    await reaches.note('s3://lab/out/report.html', { awsProfile: 'me', secret: 'x' } as never);
    assert.deepEqual(await reaches.of('s3://lab/out/report.html'), { awsProfile: 'me' });
    assert.deepEqual(await reaches.of('s3://lab/out'), { anonymous: true });
    assert.ok(!JSON.stringify([...kept.values]).includes('secret'));
    // What the list says already needs no note, and what was noted outlives the window.
    await reaches.note('s3://lab/bids/x', { awsProfile: 'lab' });
    assert.equal((kept.values.get('filesystem.reaches') as readonly unknown[]).length, 1);
    assert.deepEqual(await new Reaches(async () => [], kept).of('s3://lab/out/report.html'), { awsProfile: 'me' });
    for (let i = 0; i < 60; i++) await reaches.note(`s3://lab/out/${i}`, { awsProfile: 'me' });
    assert.equal((kept.values.get('filesystem.reaches') as readonly unknown[]).length, 50);
  });
});

describe('What is known of files of buckets', () => {
  const file = (name: string, content: string, version = 'v1'): Extract<StorageEntry, { kind: 'file' }> & { content: string } => ({ kind: 'file', name, bytes: content.length, version, modified: 1, content });
  let now: number;
  let asked: string[];
  let tree: Map<string, StorageEntry & { readonly content?: string }>;
  let cache: BucketCache;

  /** The runner, as far as the cache asks it. */
  const ask = async (name: RequestName, params: { uri: string; limit?: number; range?: { offset: number; length: number }; maxBytes?: number; ifVersion?: string; base64?: string }): Promise<unknown> => {
    asked.push(`${name} ${params.uri}`);
    const found = tree.get(params.uri);
    const version = found?.kind === 'file' ? found.version : undefined;
    if (params.ifVersion !== undefined && params.ifVersion !== version) throw new SpimquantError('changed', 'another');
    if (name === 'storage.write') {
      if (params.ifVersion === undefined && found !== undefined) throw new SpimquantError('already-exists', 'there');
      const written = file(params.uri.slice(params.uri.lastIndexOf('/') + 1), Buffer.from(params.base64 ?? '', 'base64').toString(), `${version ?? ''}+`);
      tree.set(params.uri, written);
      return written;
    }
    if (found === undefined) throw new SpimquantError('not-found', 'none');
    if (name === 'storage.stat') return found;
    if (name === 'storage.list') {
      const entries = [...tree].filter(([uri]) => uri.startsWith(`${params.uri}/`) && !uri.slice(params.uri.length + 1).includes('/')).map(([, entry]) => entry);
      return { entries: entries.slice(0, params.limit), ...(entries.length > (params.limit ?? 0) ? { continuation: 'x' } : {}) };
    }
    const { content = '' } = found;
    const { offset, length } = params.range ?? { offset: 0, length: content.length };
    return { base64: Buffer.from(content.slice(offset, offset + length)).toString('base64'), ...(params.range === undefined && found.kind === 'file' ? { version: found.version } : {}) };
  };

  beforeEach(() => {
    now = 0;
    asked = [];
    tree = new Map<string, StorageEntry & { readonly content?: string }>([
      ['s3://lab', { kind: 'folder', name: '' }], ['s3://lab/a', { kind: 'folder', name: 'a' }],
      ['s3://lab/a/x.json', file('x.json', '{}')], ['s3://lab/a/y.tsv', file('y.tsv', 'y\n1\n')],
    ]);
    cache = new BucketCache({ ask: ask as unknown as RunnerClient['request'], reachOf: async () => ({}), clock: () => now, folderLimit: () => 100 });
  });

  it('is asked for once in a moment, however often and by whomever', async () => {
    await Promise.all(Array.from({ length: 20 }, () => cache.stat('s3://lab/a/x.json')));
    await cache.stat('s3://lab/a/x.json');
    assert.deepEqual(asked, ['storage.stat s3://lab/a/x.json']);
    now += 6000;
    await cache.stat('s3://lab/a/x.json');
    assert.equal(asked.length, 2);
  });

  it('comes with a listing, and so does what is not there', async () => {
    assert.deepEqual((await cache.list('s3://lab/a')).entries.map(({ name }) => name), ['x.json', 'y.tsv']);
    assert.equal((await cache.stat('s3://lab/a/y.tsv')).kind, 'file');
    assert.equal((await cache.stat('s3://lab/a')).kind, 'folder');
    for (const absent of ['s3://lab/a/.vscode', 's3://lab/a/.vscode/settings.json', 's3://lab/a/x.json/y']) await assert.rejects(cache.stat(absent), { code: 'not-found' });
    assert.equal(asked.length, 1);
  });

  it('is not taken for complete when a folder is shown in part', async () => {
    cache = new BucketCache({ ask: ask as unknown as RunnerClient['request'], reachOf: async () => ({}), clock: () => now, folderLimit: () => 1 });
    assert.deepEqual(await cache.list('s3://lab/a').then(({ entries, more }) => [entries.length, more]), [1, true]);
    assert.equal((await cache.stat('s3://lab/a/y.tsv')).kind, 'file');
  });

  it('remembers that there is nothing below what is not there', async () => {
    await assert.rejects(cache.stat('s3://lab/.vscode'), { code: 'not-found' });
    await assert.rejects(cache.stat('s3://lab/.vscode/tasks.json'), { code: 'not-found' });
    await assert.rejects(cache.stat('s3://lab/.vscode'), { code: 'not-found' });
    assert.equal(asked.length, 1);
  });

  it('is forgotten by address, with the folder above', async () => {
    await cache.list('s3://lab/a');
    tree.set('s3://lab/a/new', file('new', 'n'));
    cache.forget('s3://lab/a/new');
    assert.equal((await cache.stat('s3://lab/a/new')).kind, 'file');
    assert.equal((await cache.list('s3://lab/a')).entries.length, 3);
  });

  it('does not bring back what was forgotten while it was on its way', async () => {
    const listing = cache.list('s3://lab/a');
    cache.forget();
    tree.set('s3://lab/a/x.json', file('x.json', '{"new":1}', 'v2'));
    await listing;
    const found = await cache.stat('s3://lab/a/x.json');
    assert.equal(found.kind === 'file' && found.version, 'v2');
  });

  it('has one entry of a name: the file, unless it is empty', async () => {
    const both = (content: string): readonly StorageEntry[] => [{ kind: 'folder', name: 'b' }, file('b', content)];
    for (const [content, kind] of [['text', 'file'], ['', 'folder']] as const) {
      const own = new BucketCache({ ask: async () => ({ entries: both(content) }) as never, reachOf: async () => ({}), clock: () => now, folderLimit: () => 10 });
      assert.deepEqual((await own.list('s3://lab')).entries.map((entry) => entry.kind), [kind]);
    }
  });

  it('is read whole, also when it grew since it was looked at', async () => {
    await cache.stat('s3://lab/a/x.json');
    tree.set('s3://lab/a/x.json', file('x.json', '{"longer":true}', 'v2'));
    const { bytes, version } = await cache.read('s3://lab/a/x.json', 1000);
    assert.deepEqual([Buffer.from(bytes).toString(), version], ['{"longer":true}', 'v2']);
    assert.equal((await cache.stat('s3://lab/a/x.json') as { bytes: number }).bytes, 15);
  });

  it('is not read when it is too large, and says how large and what to do', async () => {
    tree.set('s3://lab/a/table.tsv', { ...file('table.tsv', ''), bytes: 200e6 });
    tree.set('s3://lab/a/brain.ozx', { ...file('brain.ozx', ''), bytes: 3.2e12 });
    await assert.rejects(cache.read('s3://lab/a/table.tsv', 64e6), (error) => error instanceof FileTooLarge && error.message === 'table.tsv is 200 MB. Files of more than 64.0 MB are not fetched to be shown.' && /Download it, or raise spimquant\.files\.maximumSize/.test(error.hint ?? ''));
    await assert.rejects(cache.read('s3://lab/a/brain.ozx', 64e6), (error) => error instanceof FileTooLarge && /3\.2 TB/.test(error.message) && /as an image/.test(error.hint ?? ''));
    assert.ok(!asked.some((each) => each.startsWith('storage.read')));
    await assert.rejects(cache.read('s3://lab/a', 10), { code: 'bad-option' });
  });

  it('is read in pieces that belong together', async () => {
    const large = 'abcdefgh'.repeat(50);
    tree.set('s3://lab/a/large.txt', file('large.txt', large));
    let changes = 1;
    const own = new BucketCache({
      ask: (async (name: RequestName, params: { uri: string; range?: { offset: number; length: number } }) => {
        // Another writer replaces the file after its first piece was read.
        if (name === 'storage.read' && (params.range?.offset ?? 0) > 0 && changes-- > 0) tree.set(params.uri, file('large.txt', large.toUpperCase(), 'v2'));
        return ask(name, params);
      }) as unknown as RunnerClient['request'],
      reachOf: async () => ({}), clock: () => now, folderLimit: () => 10, pieceBytes: 150,
    });
    const { bytes, version } = await own.read('s3://lab/a/large.txt', 1000);
    assert.equal(version, 'v2');
    assert.ok(Buffer.from(bytes).equals(Buffer.from(large.toUpperCase())));
  });

  it('is written in place of one version, and known afterwards', async () => {
    const address = 's3://lab/a/y.tsv';
    await cache.stat(address);
    const written = await cache.write(address, Buffer.from('y\n2\n'), 'v1');
    assert.equal((await cache.stat(address) as { version: string }).version, written.version);
    assert.equal(Buffer.from((await cache.read(address, 100)).bytes).toString(), 'y\n2\n');
    tree.set(address, file('y.tsv', 'theirs', 'v9'));
    await assert.rejects(cache.write(address, Buffer.from('mine'), written.version), { code: 'changed' });
    // What was thought to be known is forgotten: the editor sees the change when it looks again.
    assert.equal((await cache.stat(address) as { version: string }).version, 'v9');
    await assert.rejects(cache.write(address, Buffer.from('mine'), undefined), { code: 'already-exists' });
    await cache.write('s3://lab/a/new.tsv', Buffer.from('new'), undefined);
    assert.equal((await cache.stat('s3://lab/a/new.tsv')).kind, 'file');
  });
});

describe('Which version of a file is replaced', () => {
  const at = (version: string, modified: number, bytes = 1): StorageEntry => ({ kind: 'file', name: 'x', version, modified, bytes });

  it('is the one that was read', () => {
    const edits = new Edits();
    assert.equal(edits.replaced('a'), undefined);
    edits.tell('a', at('v1', 1));
    edits.hold('a', 'v1');
    edits.tell('a', at('v1', 1));
    assert.equal(edits.replaced('a'), 'v1');
    edits.tell('a', at('v2', 2));
    edits.hold('a', 'v2');
    assert.equal(edits.replaced('a'), 'v2', 'after saving');
  });

  it('is another only when the editor could tell, and so has asked the user', () => {
    const edits = new Edits();
    edits.tell('a', at('v1', 1000));
    edits.hold('a', 'v1');
    // Within the same second, of the same size: nothing that the editor compares differs.
    edits.tell('a', at('v2', 1000));
    assert.equal(edits.replaced('a'), 'v1');
    edits.tell('a', at('v3', 2000));
    assert.equal(edits.replaced('a'), 'v3');
  });

  it('is none where the file is gone or was never there', () => {
    const edits = new Edits();
    edits.tell('a', undefined);
    assert.equal(edits.replaced('a'), null);
    edits.tell('b', at('v1', 1));
    edits.hold('b', 'v1');
    edits.tell('b', undefined);
    assert.equal(edits.replaced('b'), null);
    edits.tell('c', { kind: 'folder', name: 'c' });
    assert.equal(edits.replaced('c'), undefined);
  });
});
