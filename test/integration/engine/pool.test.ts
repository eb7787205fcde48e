import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { WorkerPool } from '../../../runner/engine/pool.ts';
import type { Places } from '../../../runner/engine/places.ts';
import type { WorkerMessage } from '../../../runner/engine/workerMessages.ts';
import type { Task } from '../../../runner/pipeline/task.ts';

const stageModule = new URL('../../fixtures/engine/toyStages.ts', import.meta.url).href;
const place = { uri: tmpdir(), storage: {} };
const places: Places = { dataset: place, output: place, work: place, templates: place };

function toyTask(id: string, stage: string, params: Task['params']): Task {
  return { id, stage, scope: '01', title: id, params, inputs: [], outputs: [], memoryBytes: 0, readBytes: 0 };
}

describe('The threads of a run', () => {
  it('every line that a failing task has said arrives before its verdict', async () => {
    const pool = new WorkerPool(2, places, { stageModule });
    try {
      await Promise.all(Array.from({ length: 20 }, async (_, run) => {
        const lines: string[] = [];
        const listen = (message: WorkerMessage): void => { if (message.type === 'log') lines.push(message.message); };
        const verdict = await pool.run(toyTask(`talk ${run}`, 'talk', { lines: 200 }), listen);
        assert.ok(!verdict.ok);
        assert.match(verdict.error.message, /nothing more to say/);
        assert.deepEqual(lines, Array.from({ length: 200 }, (_, i) => `line ${i}`));
      }));
    } finally {
      await pool.close();
    }
  });

  it('a thread that dies still gives a verdict, and so does a task that was cancelled before it began', async () => {
    const pool = new WorkerPool(1, places, { stageModule });
    try {
      const died = await pool.run(toyTask('exit', 'exit', {}), () => undefined);
      assert.ok(!died.ok && died.error.code === 'internal');
      const spinning = pool.run(toyTask('spin', 'spin', {}), () => undefined);
      const waiting = pool.run(toyTask('talk', 'talk', { lines: 1 }), () => undefined);
      await pool.cancel();
      for (const verdict of await Promise.all([spinning, waiting])) assert.ok(!verdict.ok && verdict.error.code === 'cancelled');
    } finally {
      await pool.close();
    }
  });
});
