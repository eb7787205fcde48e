import assert from 'node:assert/strict';
import { commandOf, suggestedOutput } from '../../../extension/explorer/datasets/commandsOfNodes.ts';
import { below, mendsOf, shortNames } from '../../../extension/explorer/datasets/datasetNodes.ts';
import type { DatasetRow, ParticipantRow } from '../../../extension/explorer/datasets/datasetNodes.ts';
import { sizeText, viewOf, voxelText } from '../../../extension/explorer/datasets/datasetItems.ts';
import type { Known } from '../../../extension/explorer/datasets/datasetTree.ts';
import { dropText } from '../../../extension/explorer/datasets/dropText.ts';
import { markdownTable } from '../../../extension/explorer/markdown.ts';
import { absoluteAddress, addressProblem } from '../../../extension/forms/paths.ts';
import { groupColumns } from '../../../extension/forms/groups.ts';

const nothing: Known = { name: (uri) => uri, summary: () => undefined, failure: () => undefined, contents: () => undefined, image: () => undefined, fitting: () => undefined };
const dataset: DatasetRow = { kind: 'dataset', id: 'datasets:dataset s3://lab/bids', dataset: { uri: 's3://lab/bids', storage: { awsProfile: 'lab' } } };
const participant = (label: string): ParticipantRow => ({ kind: 'participant', id: `datasets:participant s3://lab/bids|${label}`, parent: dataset, dataset: dataset.dataset, label });

describe('Rows of the Datasets view', () => {
  it('are called by the shortest names that tell them apart', () => {
    const names = shortNames(['/data/a/bids', '/data/b/bids', 's3://lab/brains/', 's3://bucket']);
    assert.deepEqual([...names.values()], ['a/bids', 'b/bids', 'brains', 'bucket']);
    assert.deepEqual([...shortNames(['/bids', '/data/bids']).values()], ['bids', 'data/bids']);
  });

  it('have the words that menus ask for', () => {
    const words = viewOf(participant('01'), nothing).context.split(' ');
    for (const word of ['participant', 'runnable', 'insertable', 'uri', 'refreshable']) assert.ok(words.includes(word), word);
    const failed = viewOf(dataset, { ...nothing, failure: () => ({ code: 'access-denied', message: 'No.' }) });
    assert.ok(!failed.context.split(' ').includes('runnable'), 'what cannot be read cannot be run');
    assert.equal(failed.description, 'cannot be read');
  });

  it('show warnings as a mark, and all of them in the tooltip', () => {
    const view = viewOf(dataset, { ...nothing, summary: (uri) => ({ uri, participants: 1, derivatives: 0, warnings: ['No <name>.', 'Old | version.'] }) });
    assert.equal(view.warnings?.length, 2);
    assert.match(view.tooltip ?? '', /No &lt;name&gt;/);
    assert.match(view.tooltip ?? '', /Old \\\| version/);
    assert.equal(view.description, '1 participant');
  });

  it('offer first what helps against the error', () => {
    assert.deepEqual(mendsOf({ code: 'access-denied', message: '' }).slice(0, 2), ['reach', 'check']);
    assert.equal(mendsOf({ code: 'network', message: '' })[0], 'retry');
    assert.equal(mendsOf({ code: 'auth-expired', message: '' })[0], 'signIn');
    assert.ok(mendsOf({ code: 'not-found', message: '' }).includes('address'));
  });

  it('stand for commands with the flags by which their storage is reached', () => {
    assert.equal(commandOf([dataset]), 'spimquant s3://lab/bids s3://lab/bids/derivatives/spimquant participant --aws-profile lab');
    assert.equal(commandOf([participant('01'), participant('02')]), 'spimquant s3://lab/bids s3://lab/bids/derivatives/spimquant participant --participant-label 01 02 --aws-profile lab');
    const image = { path: 'sub-01/micr/a b.ome.zarr', uri: 's3://lab/bids/sub-01/micr/a b.ome.zarr', title: 'brain', stains: [] };
    assert.equal(commandOf([{ kind: 'image', id: 'x', dataset: dataset.dataset, participant: '01', image }]), "spimquant segment 's3://lab/bids/sub-01/micr/a b.ome.zarr' --aws-profile lab");
  });

  it('do not suggest to write into what is read without credentials', () => {
    assert.equal(suggestedOutput({ uri: 's3://open/bids', storage: { anonymous: true } }), 'bids-spimquant');
    assert.equal(suggestedOutput({ uri: 'C:\\data\\bids', storage: {} }), 'C:\\data\\bids\\derivatives\\spimquant');
    assert.equal(below('/data/bids/', 'sub-01'), '/data/bids/sub-01');
  });

  it('write sizes as people read them', () => {
    assert.equal(sizeText([512, 400, 300]), '512 × 400 × 300');
    assert.equal(voxelText([0.004, 0.004, 0.004]), '4 µm');
    assert.equal(voxelText([0.0018, 0.0018, 0.004]), '1.8 × 1.8 × 4 µm');
  });

  it('cannot break a tooltip by their names', () => {
    assert.equal(markdownTable(['a', ''], [['x|y', '[l](command:evil)\n# h']]).split('\n')[2], '| x\\|y&nbsp;&nbsp; | \\[l\\]\\(command:evil\\) \\# h&nbsp;&nbsp; |');
  });

  it('become a command in an empty cell, and an address in one that has a command', () => {
    assert.equal(dropText('# a comment\n', 12, 'spimquant ls /d', '/d'), 'spimquant ls /d');
    assert.equal(dropText('# a comment', 11, 'spimquant ls /d', '/d'), '\nspimquant ls /d');
    assert.equal(dropText('', 0, 'spimquant ls /d', '/d'), 'spimquant ls /d');
    assert.equal(dropText('spimquant ls', 12, 'spimquant ls /d', '/my d'), " '/my d'");
    assert.equal(dropText('spimquant ls --json', 13, 'c', '/d'), '/d ');
  });
});

describe('Adding a dataset', () => {
  it('says what is wrong with an address before anyone is asked', () => {
    assert.equal(addressProblem('s3://bucket/bids'), undefined);
    assert.equal(addressProblem('../bids'), undefined);
    for (const good of ['gs://bucket/bids', 'az://account/container/bids']) assert.equal(addressProblem(good), undefined);
    assert.match(addressProblem('gcs://bucket/bids') ?? '', /gs:\/\//);
    assert.match(addressProblem('az://account') ?? '', /az:\/\/ACCOUNT\/CONTAINER/);
    assert.match(addressProblem('s3://key:secret@bucket') ?? '', /do not belong/);
  });

  it('writes addresses in one form', () => {
    assert.equal(absoluteAddress('s3://bucket/bids/ ', '/w'), 's3://bucket/bids');
    assert.equal(absoluteAddress('bids/', '/w'), '/w/bids');
    assert.match(absoluteAddress('~/bids', '/w'), /^\/.*\/bids$/);
  });
});

describe('Groups of participants.tsv', () => {
  it('are columns with few values that participants share, with how many have each', () => {
    const columns = groupColumns('\uFEFFparticipant_id\tgenotype\tage\tsex\r\nsub-01\tKO\t31\tF\r\nsub-02\tWT\t32\tn/a\r\nsub-03\tKO\t33\tF\r\n');
    assert.deepEqual(columns, [{ name: 'genotype', values: [{ value: 'KO', participants: 2 }, { value: 'WT', participants: 1 }] }]);
  });

  it('are none in a table without any', () => {
    assert.deepEqual(groupColumns('participant_id\tage\nsub-01\t3\nsub-02\t4\n'), []);
    assert.deepEqual(groupColumns(''), []);
  });
});
