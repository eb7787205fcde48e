import assert from 'node:assert/strict';
import { decide, unneededWork } from '../../../runner/engine/decide.ts';
import { canonicalJson, fingerprintTasks } from '../../../runner/engine/fingerprint.ts';
import { artifactKey, buildGraph } from '../../../runner/engine/graph.ts';
import type { Receipt } from '../../../runner/engine/receipts.ts';
import type { Task } from '../../../runner/pipeline/task.ts';
import { toyTask } from '../../fixtures/engine/toyTasks.ts';

/** image -> blur (temporary) -> table -> report, and image -> mask. */
function chain(change: { readonly blur?: number; readonly table?: number } = {}): Task[] {
  return [
    toyTask('blur', ['dataset:image'], ['work:blurred'], { params: { sigma: change.blur ?? 1 } }),
    toyTask('table', ['work:blurred'], ['output:table.tsv'], { params: { level: change.table ?? 1 } }),
    toyTask('report', ['output:table.tsv'], ['output:report.html']),
    toyTask('mask', ['dataset:image'], ['output:mask']),
  ];
}

/** image -> blur -> sharpen (both temporary) -> table. */
function longer(change: { readonly blur?: number; readonly table?: number } = {}): Task[] {
  return [
    toyTask('blur', ['dataset:image'], ['work:blurred'], { params: { sigma: change.blur ?? 1 } }),
    toyTask('sharpen', ['work:blurred'], ['work:sharp']),
    toyTask('table', ['work:sharp'], ['output:table.tsv'], { params: { level: change.table ?? 1 } }),
  ];
}

interface Past {
  readonly tasks?: readonly Task[];
  readonly image?: string;
  readonly version?: number;
  /** Outputs that are no longer there. */
  readonly lost?: readonly string[];
  /** Tasks whose receipts are gone. */
  readonly unproven?: readonly string[];
  readonly forceAll?: boolean;
}

/** What is decided about `now` after a whole run of `past`. */
function decideAfter(past: Past, now: readonly Task[], image = 'v1', version = 1): Record<string, string> {
  const before = buildGraph(past.tasks ?? now);
  const old = fingerprintTasks(before, new Map([['write', past.version ?? 1]]), new Map([['dataset:image', past.image ?? 'v1']]));
  const receipts = new Map<string, Receipt>();
  for (const task of before.order) {
    const fingerprint = old.get(task.id);
    assert.ok(fingerprint);
    if (past.unproven?.includes(task.id)) continue;
    receipts.set(task.id, {
      task: task.id, stage: task.stage, stageVersion: fingerprint.stageVersion, fingerprint: fingerprint.hash, params: task.params,
      inputs: fingerprint.inputs, outputs: task.outputs.map((output) => ({ ...output, size: 1 })),
    });
  }
  const graph = buildGraph(now);
  const fingerprints = fingerprintTasks(graph, new Map([['write', version]]), new Map([['dataset:image', image]]));
  const current = new Set([...receipts.values()].filter((receipt) => fingerprints.get(receipt.task)?.hash === receipt.fingerprint)
    .flatMap((receipt) => receipt.outputs.map(artifactKey)));
  for (const key of past.lost ?? []) current.delete(key);
  const { run, reused } = decide(graph, { fingerprints, receipts, isWhole: (key) => current.has(key), forceAll: past.forceAll ?? false });
  assert.equal(run.size + reused.size, now.length);
  return Object.fromEntries([...run].map(([id, reason]) => [id, reason.words]));
}

describe('deciding what runs', () => {
  it('runs everything the first time', () => {
    assert.deepEqual(Object.keys(decideAfter({ tasks: [] }, chain())), ['blur', 'table', 'report', 'mask']);
  });

  it('runs nothing when nothing changed, though temporary files are gone', () => {
    assert.deepEqual(decideAfter({ lost: ['work:blurred'] }, chain()), {});
    assert.deepEqual(decideAfter({ lost: ['work:blurred'], unproven: ['blur'] }, chain()), {});
  });

  it('names the parameter that changed, and remakes the temporary file it needs', () => {
    assert.deepEqual(decideAfter({ tasks: chain(), lost: ['work:blurred'] }, chain({ table: 2 })), {
      blur: 'its temporary file is needed by table',
      table: 'parameters changed: level',
      report: 'input changed: table.tsv',
    });
  });

  it('keeps a temporary file that is still there', () => {
    assert.deepEqual(Object.keys(decideAfter({ tasks: chain() }, chain({ table: 2 }))), ['table', 'report']);
  });

  it('follows a change of a temporary step to what is made from it', () => {
    assert.deepEqual(decideAfter({ tasks: chain() }, chain({ blur: 2 })), {
      blur: 'parameters changed: sigma', table: 'input changed: blurred', report: 'input changed: table.tsv',
    });
  });

  it('notices a changed image', () => {
    const decided = decideAfter({ image: 'v0' }, chain());
    assert.equal(decided.mask, 'input changed: image');
    assert.equal(Object.keys(decided).length, 4);
  });

  it('notices a changed program', () => {
    assert.equal(decideAfter({}, chain(), 'v1', 2).mask, "the program's write step changed");
  });

  it('remakes a missing output, and only that', () => {
    assert.deepEqual(decideAfter({ lost: ['output:report.html'] }, chain()), { report: 'output missing or changed: report.html' });
    assert.deepEqual(Object.keys(decideAfter({ lost: ['output:table.tsv', 'work:blurred'] }, chain())), ['blur', 'table']);
  });

  it('trusts nothing without a receipt', () => {
    assert.deepEqual(decideAfter({ unproven: ['mask'] }, chain()), { mask: 'not done yet' });
  });

  it('knows by what was made of them that temporary steps were done, when their receipts went with their files', () => {
    /** As a run into a bucket leaves it: receipts beside results, none of temporary files. */
    const past = { tasks: longer(), unproven: ['blur', 'sharpen'], lost: ['work:blurred', 'work:sharp'] };
    assert.deepEqual(decideAfter(past, longer()), {});
    assert.deepEqual(decideAfter({ ...past, lost: [...past.lost, 'output:table.tsv'] }, longer()), {
      blur: 'its temporary file is needed by sharpen', sharpen: 'its temporary file is needed by table', table: 'output missing or changed: table.tsv',
    });
    assert.deepEqual(decideAfter(past, longer({ table: 2 })), {
      blur: 'its temporary file is needed by sharpen', sharpen: 'its temporary file is needed by table', table: 'parameters changed: level',
    });
    assert.deepEqual(decideAfter(past, longer({ blur: 2 })), {
      blur: 'its temporary file is needed by sharpen', sharpen: 'its temporary file is needed by table', table: 'input changed: sharp',
    });
    const never = [...chain(), toyTask('smooth', ['dataset:image'], ['work:smooth']), toyTask('map', ['work:smooth'], ['output:map.png'])];
    assert.deepEqual(decideAfter({ tasks: chain(), unproven: ['blur'] }, never), { smooth: 'not done yet', map: 'not done yet' });
  });

  it('runs everything when forced', () => {
    assert.equal(decideAfter({ forceAll: true }, chain()).mask, 'forced by --forceall');
    assert.equal(Object.keys(decideAfter({ forceAll: true }, chain())).length, 4);
  });

  it('gives temporary files up when their last reader is done, not before', () => {
    const graph = buildGraph(chain());
    assert.deepEqual(unneededWork(graph, new Set(['table'])), []);
    assert.deepEqual(unneededWork(graph, new Set(['blur', 'table'])), []);
    assert.deepEqual(unneededWork(graph, new Set(['report'])), ['work:blurred']);
  });
});

describe('canonical JSON', () => {
  it('does not depend on the order of names, nor on values that are not given', () => {
    assert.equal(canonicalJson({ b: 1, a: [{ d: null, c: 'x' }], e: undefined }), canonicalJson({ a: [{ c: 'x', d: null }], b: 1 }));
    assert.notEqual(canonicalJson({ a: [1, 2] }), canonicalJson({ a: [2, 1] }));
  });
});
