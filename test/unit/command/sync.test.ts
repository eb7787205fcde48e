import assert from 'node:assert/strict';
import { analyse } from '../../../runner/command/assist/analyse.ts';
import { complete } from '../../../runner/command/assist/complete.ts';
import { diagnose } from '../../../runner/command/assist/diagnose.ts';
import { withDefaults } from '../../../runner/command/assist/effective.ts';
import { runConfiguration } from '../../../runner/command/build.ts';
import { formatHelp } from '../../../runner/command/help.ts';
import { parseArgv, parseCommandText } from '../../../runner/command/parse.ts';
import { isRunCommand, outputStorageOf } from '../../../runner/protocol/options.ts';
import type { SyncCommand } from '../../../runner/protocol/options.ts';
import { reachFlags, storageFields } from '../../../runner/protocol/storageChoice.ts';
import { isError } from '../../integration/storage/objectStoreSuite.ts';

function sync(text: string, files: Readonly<Record<string, string>> = {}): SyncCommand {
  const { command } = parseCommandText(text, { readFile: (path) => files[path], defaults: { cores: 2, memoryBytes: 1e9 } });
  assert.ok(command.verb === 'sync');
  return command;
}

describe('the command of a transfer', () => {
  it('is a run from a source to a destination', () => {
    const command = sync("spimquant sync s3://lab/bids '/data/my copy'");
    assert.ok(isRunCommand(command));
    assert.deepEqual([command.bids, command.output], ['s3://lab/bids', '/data/my copy']);
    assert.deepEqual(command.options, { filters: [], deletes: false, yes: false, byContent: false, verify: true, transfers: 16 });
    assert.equal(sync('sync a b -n').execution.dryRun, true);
    assert.equal(sync('sync a b --delete -y --max_delete 20 --checksum --no_verify --transfers 4').options.maxDelete, 20);
  });

  it('may go to a folder called like a level', () => {
    assert.equal(sync('sync s3://lab/out participant').output, 'participant');
  });

  it('keeps patterns in the order in which they stand, however often a flag is given', () => {
    const { filters } = sync("sync a b --exclude '*' --include sub-01 sub-02 --exclude '*.tmp' --include 'x y'").options;
    assert.deepEqual(filters.map(({ include, pattern }) => `${include ? '+' : '-'}${pattern}`), ['-*', '+sub-01', '+sub-02', '-*.tmp', '+x y']);
    assert.deepEqual(diagnose("sync a b --exclude '*' --exclude x"), []);
  });

  it('takes patterns and ways of access from a file, what is excluded first', () => {
    const command = sync('sync a b --config my.yml', { 'my.yml': 'include: [sub-01]\nexclude: ["*"]\naws_profile: lab\nstains_for_seg: [Abeta]\n' });
    assert.deepEqual(command.options.filters, [{ include: false, pattern: '*' }, { include: true, pattern: 'sub-01' }]);
    assert.equal(command.storage.awsProfile, 'lab');
  });

  it('reaches the destination as the source, but never as the public or at the reader\'s expense', () => {
    const command = sync('sync s3://a s3://b --s3-endpoint http://one:9000 --anonymous --requester-pays --storage-class COLD');
    assert.deepEqual(command.toStorage, { s3Endpoint: 'http://one:9000', anonymous: false, requesterPays: false, storageClass: 'COLD' });
    assert.deepEqual(outputStorageOf(command), command.toStorage);
  });

  it('reaches the destination by its own flags alone, when there is one', () => {
    const command = sync('sync s3://a s3://b --s3-endpoint http://one:9000 --aws-profile one --to-aws-profile two --storage-class COLD --encryption kms --encryption-key k');
    assert.deepEqual(command.storage.s3Endpoint, 'http://one:9000');
    assert.deepEqual(command.toStorage, { awsProfile: 'two', storageClass: 'COLD', encryption: 'kms', encryptionKey: 'k' });
    assert.deepEqual(sync('sync a b --to-gcs-endpoint http://x --to-anonymous').toStorage, { gcsEndpoint: 'http://x', anonymous: true });
  });

  it('has a flag of the destination for every flag by which a bucket is reached', () => {
    for (const { flag, kind } of Object.values(storageFields)) {
      const text = `sync a b --to-${flag}${kind === 'switch' ? '' : kind === 'address' ? ' http://x' : kind === 'encryption' ? ' kms' : ' value'}`;
      if (reachFlags.includes(flag)) assert.deepEqual(diagnose(text), [], text);
      else assert.equal(diagnose(text).length, 1, text);
    }
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['sync', 'Missing after sync: the source, the destination.'], ['sync a', 'Missing after sync: the destination.'], ['sync a b c', 'too many: c'], ['sync a ""', 'the destination'],
    ['sync a b --yes', '--yes has no effect without --delete'], ['sync a b --max_delete 3', '--max_delete has no effect without --delete'], ['sync a b --sloppy', '--sloppy has no effect with sync'],
    ['sync a b --forceall --checksum', 'exclude each other'], ['sync a b --transfers 0', '--transfers must be'], ['sync a b --to-s3-endpoint nonsense', '--to-s3-endpoint must be the address'],
    ['sync a b --to-anonymous --to-aws-profile x', 'exclude each other'], ['a b participant --delete', '--delete has no effect at the participant level'], ['sync a b --cores 3', '--cores has no effect with sync'],
  ];
  for (const [text, message] of wrong) it(`is refused: ${text}`, () => { assert.throws(() => sync(text), isError('bad-option', message)); });

  it('is known by the editor as a run, and completed with places', () => {
    assert.deepEqual(analyse('sync s3://a b --aws-profile x'), { verb: 'sync', starts: true, dryRun: false, bids: 's3://a', output: 'b', participants: [], storage: { awsProfile: 'x' } });
    assert.equal(analyse('sync a b -n').starts, false);
    assert.equal(analyse('sync a').starts, false);
    assert.deepEqual(complete('spimquant sync ', 15)?.requests.map(({ kind }) => kind), ['dataset']);
    assert.deepEqual(complete('spimquant sync a ', 17)?.requests.map(({ kind }) => kind), ['output']);
    const flags = complete('spimquant sync a b --', 21)?.items.map(({ label }) => label) ?? [];
    assert.ok(flags.includes('--delete') && flags.includes('--to-aws-profile') && !flags.includes('--sloppy'));
  });

  it('takes of a notebook\'s options those that it knows, and never its ends', () => {
    const options = 'bids_dir: s3://lab/bids\noutput_dir: out\naws-profile: lab\nstains_for_seg: [Abeta]\ntransfers: 4';
    assert.equal(withDefaults('sync a b', options).text, 'spimquant sync a b --aws-profile lab --transfers 4');
    assert.throws(() => sync(withDefaults('sync a', options).text), isError('bad-option', 'Missing'));
  });

  it('is explained, and kept in the journal without anything secret', () => {
    assert.match(formatHelp('sync', { width: 100, color: false }), /spimquant sync <source> <destination>.*--include PATTERN \.\.\..*--to-aws-profile/s);
    assert.deepEqual(runConfiguration(sync("sync a b --exclude '*.tmp' --delete --yes")), { source: 'a', destination: 'b', filters: ['exclude *.tmp'], delete: true, checksum: false, transfers: 16 });
    assert.equal(parseArgv(['sync', 'a b', 'c', '--exclude', '*'], { readFile: () => '' }).text, "spimquant sync 'a b' c --exclude '*'");
  });
});
