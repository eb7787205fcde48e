import assert from 'node:assert/strict';
import { DatasetTree } from '../../../extension/explorer/datasets/datasetTree.ts';
import type { RunnerClient } from '../../../extension/runner-client/client.types.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import type { ErrorCode } from '../../../runner/protocol/errors.ts';

describe('Datasets after a sign-in', () => {
  it('are asked for again where they were refused, and left alone elsewhere', async () => {
    const answers = new Map<string, ErrorCode | undefined>([['s3://refused', 'auth-expired'], ['s3://fine', undefined], ['s3://missing', 'not-found'], ['gs://other', 'auth-missing']]);
    const asked: string[] = [];
    const ask = (async (name: string, params: { readonly dataset?: { readonly uri: string } }) => {
      if (name === 'datasets.list') return { datasets: [...answers.keys()].map((uri) => ({ uri, storage: {} })), recent: [] };
      const uri = params.dataset?.uri ?? '';
      asked.push(`${name} ${uri}`);
      const code = answers.get(uri);
      if (code !== undefined) throw new SpimquantError(code, 'No.', { where: uri });
      if (name === 'datasets.describe') return { uri, participants: 1, derivatives: 0, warnings: [] };
      if (name === 'datasets.participants') return { labels: ['01'], total: 1 };
      throw new SpimquantError('auth-expired', 'No.', { where: uri });
    }) as RunnerClient['request'];
    const tree = new DatasetTree(ask);
    const told: string[] = [];
    tree.onChange((node) => { told.push(node?.id ?? 'all'); });
    const rows = await tree.roots();
    // Each is described by itself; what fails shows as rows.
    const below = await Promise.all(rows.map((row) => tree.children(row)));
    assert.deepEqual(below.map((nodes) => nodes[0].kind), ['problem', 'participant', 'problem', 'problem']);
    const participant = below[1][0];
    assert.equal((await tree.children(participant))[0].kind, 'problem');

    asked.length = 0;
    told.length = 0;
    answers.set('s3://refused', undefined);
    tree.signedIn(['aws']);
    assert.deepEqual(asked, ['datasets.describe s3://refused']);
    assert.deepEqual(told, [participant.id]);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(told.includes(rows[0].id));
    assert.equal((await tree.children(rows[0]))[0].kind, 'participant');
    // What was told once is not told again.
    told.length = 0;
    tree.signedIn(['aws']);
    assert.deepEqual(told, []);
  });
});
