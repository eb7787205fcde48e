import assert from 'node:assert/strict';
import { parseCommandText } from '../../../runner/command/parse.ts';
import type { SyncCommand } from '../../../runner/protocol/options.ts';
import type { TransferOutlook } from '../../../runner/protocol/transferOutlook.ts';
import { chooser, listedPrefixes } from '../../../runner/transfer/filters.ts';
import type { DatasetNode, DatasetRow } from '../../../extension/explorer/datasets/datasetNodes.ts';
import { lineOf } from '../../../extension/forms/buildCommand.ts';
import { deletionQuestion, doesAnything, outlookText, whatText } from '../../../extension/transfers/outlookWords.ts';
import { fileSource, folderSource, sourcesOfRows } from '../../../extension/transfers/sources.ts';
import type { TransferSource } from '../../../extension/transfers/sources.ts';
import { folderOf, knownReach, suggestedTargets } from '../../../extension/transfers/suggestions.ts';
import { optionsFor, syncParts, usualOptions } from '../../../extension/transfers/syncCommand.ts';
import type { Transfer } from '../../../extension/transfers/syncCommand.ts';

const dataset = { uri: 's3://lab/bids', storage: { awsProfile: 'lab' } };
const root: DatasetRow = { kind: 'dataset', id: 'datasets:d', dataset };
const participant = (label: string): DatasetNode => ({ kind: 'participant', id: `datasets:p${label}`, parent: root, dataset, label });
const image: DatasetNode = {
  kind: 'image', id: 'datasets:i', dataset, participant: '02',
  image: { path: 'sub-02/micr/sub-02_acq-4x[a]_SPIM.ome.zarr', uri: 's3://lab/bids/sub-02/micr/sub-02_acq-4x[a]_SPIM.ome.zarr', title: 'acq-4x[a]', stains: [] },
};
const derivative: DatasetNode = { kind: 'derivative', id: 'datasets:r', dataset, derivative: { uri: 's3://lab/bids/derivatives/spimquant', name: 'spimquant', reports: [] } };

/** The command of a transfer as the runner reads it. */
function read(transfer: Partial<Transfer> & Pick<Transfer, 'source'>, confirmed?: number): SyncCommand {
  const whole: Transfer = { target: { uri: '/data/copy', storage: {} }, options: usualOptions, leftOut: [], ...transfer };
  const { command } = parseCommandText(lineOf(syncParts(whole, confirmed)), { readFile: () => '' });
  assert.equal(command.verb, 'sync');
  return command;
}

describe('What rows stand for when they are copied', () => {
  it('is the dataset, with the places of its parts kept', () => {
    const [whole] = sourcesOfRows([root, participant('01')]);
    assert.deepEqual([whole.kind, whole.uri, whole.paths], ['dataset', 's3://lab/bids', []]);
    const [part] = sourcesOfRows([participant('01'), participant('03'), image, { kind: 'session', id: 'datasets:s', dataset, participant: '01', label: 'a', images: [] }]);
    assert.deepEqual(part.paths, ['sub-01', 'sub-03', 'sub-02/micr/sub-02_acq-4x[a]_SPIM.ome.zarr', 'sub-02/micr/sub-02_acq-4x[a]_SPIM.json'], 'a session below a chosen participant adds nothing');
    assert.equal(part.title, 'sub-01 and 2 more');
  });

  it('is the folder of results alone, and a part of the dataset beside others', () => {
    assert.deepEqual(sourcesOfRows([derivative]).map(({ uri, kind }) => [uri, kind]), [['s3://lab/bids/derivatives/spimquant', 'folder']]);
    assert.deepEqual(sourcesOfRows([derivative, participant('01')])[0].paths, ['derivatives/spimquant', 'sub-01']);
    assert.deepEqual(sourcesOfRows([{ kind: 'empty', id: 'datasets:e', text: 'nothing' }]), []);
  });

  it('is one source for each dataset', () => {
    const other = { uri: '/data/b', storage: {} };
    assert.deepEqual(sourcesOfRows([participant('01'), { kind: 'participant', id: 'datasets:q', dataset: other, label: '9' }]).map(({ uri }) => uri), ['s3://lab/bids', '/data/b']);
  });
});

describe('The command of a transfer', () => {
  it('copies the chosen parts and what makes them a dataset, whatever their names are, and lists nothing else', () => {
    const { bids, output, options, storage } = read({ source: sourcesOfRows([participant('01'), image])[0] });
    assert.deepEqual([bids, output, storage], ['s3://lab/bids', '/data/copy', { awsProfile: 'lab' }]);
    const keys = ['sub-01/micr/a', 'sub-011/micr/a', 'derivatives/sub-01/a', 'sub-02/micr/sub-02_acq-4x[a]_SPIM.ome.zarr/0/0', 'sub-02/micr/sub-02_acq-4xa_SPIM.ome.zarr/0/0', 'sub-02/micr/sub-02_acq-4x[a]_SPIM.json', 'dataset_description.json', 'participants.tsv', 'sub-03/x'];
    const chosen = keys.filter(chooser(options.filters));
    assert.deepEqual(chosen, ['sub-01/micr/a', keys[3], keys[5], 'dataset_description.json', 'participants.tsv']);
    const prefixes = listedPrefixes(options.filters) ?? [];
    assert.ok(chosen.every((key) => prefixes.some((prefix) => key.startsWith(prefix))));
    assert.ok(!prefixes.some((prefix) => 'sub-03/x'.startsWith(prefix)));
    assert.deepEqual(read({ source: sourcesOfRows([participant('01')])[0], options: [] }).options.filters, [{ include: true, pattern: '/sub-01' }]);
  });

  it('leaves out derivatives and what patterns say', () => {
    const { options } = read({ source: sourcesOfRows([root])[0], options: [], leftOut: ['*.ome.zarr', 'a b'] });
    assert.deepEqual(options.filters, ['/derivatives', '*.ome.zarr', 'a b'].map((pattern) => ({ include: false, pattern })));
    assert.deepEqual(read({ source: sourcesOfRows([root])[0] }).options.filters, []);
  });

  it('reaches each end as it is reached, and never as the other', () => {
    const source = sourcesOfRows([participant('01')])[0];
    const to = (uri: string, storage: Transfer['target']['storage'], from: TransferSource = source): SyncCommand => read({ source: from, target: { uri, storage } });
    assert.deepEqual(to('s3://mine/copy', {}).toStorage, {}, 'usual credentials, not those of the source');
    assert.deepEqual(to('s3://mine/copy', { awsProfile: 'mine', encryption: 'kms', encryptionKey: 'key' }).toStorage, { awsProfile: 'mine', encryption: 'kms', encryptionKey: 'key' });
    assert.deepEqual(to('az://account/box/copy', {}).toStorage, { awsProfile: 'lab', anonymous: false, requesterPays: false }, 'what is said of S3 means nothing to Azure');
    const open = { ...source, storage: { anonymous: true, storageClass: 'GLACIER' } };
    assert.deepEqual(to('s3://mine/copy', { s3Endpoint: 'http://127.0.0.1:9000' }, open).toStorage, { s3Endpoint: 'http://127.0.0.1:9000' });
    assert.deepEqual(to('s3://mine/copy', {}, open).storage, { anonymous: true });
    assert.deepEqual(to('s3://mine/copy', {}, open).toStorage, {});
    const folder = folderSource({ uri: '/data/out', storage: {} });
    assert.deepEqual(to('gs://mine/copy', { gcsCredentials: '/keys/a.json' }, folder).toStorage, { gcsCredentials: '/keys/a.json' });
  });

  it('deletes no more than was confirmed', () => {
    const source = folderSource({ uri: 's3://lab/out', storage: {} });
    assert.deepEqual(read({ source, options: ['delete'] }).options.yes, false);
    const { options } = read({ source, options: ['delete', 'checksum'] }, 3);
    assert.deepEqual([options.deletes, options.yes, options.maxDelete, options.byContent], [true, true, 3, true]);
    assert.ok(!optionsFor('file', true).includes('delete'));
    assert.equal(read({ source: fileSource({ uri: 's3://lab/a.tsv', storage: {} }), options: ['delete'] }).options.deletes, false);
  });

  it('says that one file goes into a folder', () => {
    assert.equal(read({ source: fileSource({ uri: 's3://lab/a.tsv', storage: {} }) }).output, '/data/copy/');
  });
});

describe('Suggested destinations', () => {
  const source = sourcesOfRows([participant('01')])[0];

  it('are folders for downloads, the last one first', () => {
    const recent = [{ uri: '/big/disk/brains', storage: {}, source: 's3://a/b' }, { uri: 's3://x/y', storage: {}, source: 's3://a/b' }, { uri: '/data/copy', storage: {}, source: 's3://lab/bids' }];
    const found = suggestedTargets({ direction: 'download', source, datasets: [dataset, { uri: '/data/bids', storage: {} }], recent, cwd: '/home/u/work' });
    assert.deepEqual(found.map(({ uri }) => uri), ['/data/copy', '/big/disk/bids', '/data/bids', '/home/u/work/bids'], 'the place of an earlier copy of the same first');
  });

  it('are places among results for uploads, never those that are read without credentials, nor the source itself', () => {
    const results = folderSource({ uri: '/data/out', storage: {} });
    const open = { uri: 's3://open/bids', storage: { anonymous: true } };
    const found = suggestedTargets({ direction: 'upload', source: results, datasets: [dataset, open], recent: [], cwd: '/home/u' });
    assert.deepEqual(found.map(({ uri, storage }) => [uri, storage]), [['s3://lab/bids/derivatives/out', { awsProfile: 'lab' }]]);
    const inside = suggestedTargets({ direction: 'sync', source, datasets: [dataset], recent: [{ uri: 's3://lab/bids', storage: {}, source: '' }], cwd: '/home/u' });
    assert.deepEqual(inside.map(({ uri }) => uri), ['/home/u/bids']);
  });

  it('know folders above addresses', () => {
    assert.deepEqual(['/a/b', '/a', 's3://lab/bids', 's3://lab', 'az://account/box', 'az://account/box/a'].map(folderOf), ['/a', '/', 's3://lab', 's3://lab', 'az://account/box', 'az://account/box']);
  });

  it('are reached as the nearest dataset, and written to by nobody as the public', () => {
    const open = { uri: 's3://open/bids', storage: { anonymous: true } };
    assert.deepEqual(knownReach('s3://lab/bids/derivatives', [dataset], true), { awsProfile: 'lab' });
    assert.deepEqual(knownReach('s3://lab/elsewhere', [dataset], true), { awsProfile: 'lab' });
    assert.equal(knownReach('s3://other/x', [dataset], true), undefined);
    assert.equal(knownReach('s3://open/x', [open], true), undefined);
    assert.deepEqual(knownReach('s3://open/x', [open], false), { anonymous: true });
  });
});

describe('What a transfer is said to do', () => {
  const none = { files: 0, bytes: 0 };
  const outlook: TransferOutlook = { source: 's3://lab/bids', destination: '/data/copy', copy: { files: 1200, bytes: 3.4e9 }, upToDate: { files: 3, bytes: 9 }, delete: none, deletions: [], onlyAtDestination: 2, problems: 1 };

  it('fits a line', () => {
    assert.equal(outlookText(outlook), '1200 files (3.4 GB) to copy · 3 up to date · 2 only at the destination · 1 cannot be copied');
    assert.equal(outlookText({ ...outlook, copy: none, onlyAtDestination: 0, problems: 0 }), 'Nothing to copy · 3 up to date');
    assert.equal(doesAnything(outlook), true);
    assert.equal(doesAnything({ ...outlook, copy: none }), false);
  });

  it('names what is deleted, how many, and why that is unusual', () => {
    const { question, warnings, files, yes } = deletionQuestion({
      ...outlook, delete: { files: 30, bytes: 5e6 }, deletions: ['a.tsv', 'b/c.tsv'],
      refusal: { confirmable: true, error: { code: 'bad-option', message: '--delete would delete 30 files of /data/copy, and that is more than half of the 40 that are there. Nothing was changed.' } },
    });
    assert.equal(question, 'Delete 30 files (5.0 MB) from /data/copy?');
    assert.deepEqual(files, ['a.tsv', 'b/c.tsv', 'and 28 more']);
    assert.match(warnings[0], /more than half of the 40 that are there\.$/);
    assert.match(warnings[1], /cannot be brought back/);
    assert.equal(yes, 'Delete 30 files');
  });

  it('says of what', () => {
    assert.equal(whatText(sourcesOfRows([participant('01')])[0], usualOptions), 'sub-01, with files of the dataset');
    assert.equal(whatText(sourcesOfRows([root])[0], ['checksum']), 'all of bids, without derivatives, compared by content');
  });
});
