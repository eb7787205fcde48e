import { readResources } from '../monitor/recorder.ts';
import { withCoiled } from '../protocol/coiledAccess.ts';
import { openStore } from '../storage/open.ts';
import { jobWords } from '../wording/cloud.ts';
import type { HandlerGroup } from './handlers.ts';
import { Follower } from './runs/follow.ts';
import { RunLogs } from './runs/runLog.ts';
import { listOutputs, outputStorage } from './runs/runOutputs.ts';
import { startRun } from './runs/startRun.ts';
import { RunIndexes } from './runView/runIndexes.ts';

/** Records in one answer, and lines of log, at most. */
const pageLimit = 500;
const lineLimit = 5000;
const rowLimit = 1000;
const pointLimit = 5000;
/** Milliseconds that a page of the log waits for a long journal to be looked through. */
const linesPatience = 150;

/** Runs: starting, following, ending, looking back. */
export const runHandlers: HandlerGroup = ({ book, starter, clock, log }) => {
  const logs = new RunLogs();
  const indexes = new RunIndexes();
  return (caller) => {
    const followers = new Map<string, Follower>();
    const unfollow = (id: string): void => {
      followers.get(id)?.stop();
      followers.delete(id);
    };
    caller.onClose(() => { for (const id of [...followers.keys()]) unfollow(id); });

    caller.handle('runs.start', async (asked) => {
      startRun(asked, withCoiled(caller.env, asked.coiled), starter, clock(), () => void book.look(asked.id));
      book.scan();
      return book.get(asked.id);
    });
    caller.handle('runs.list', ({ limit, before }) => book.list(Math.min(limit, pageLimit), before));
    caller.handle('runs.follow', async ({ id, after }) => {
      const record = await book.get(id);
      unfollow(id);
      const follower = new Follower(book.folder(id), after, (events) => caller.notify('runs.events', { id, events }));
      followers.set(id, follower);
      follower.start((listener) => book.onNews(id, listener));
      return record;
    });
    caller.handle('runs.unfollow', ({ id }) => {
      unfollow(id);
      return null;
    });
    caller.handle('runs.cancel', ({ id }) => book.cancel(id));
    caller.handle('runs.resume', ({ id }, signal) => book.resume(id, signal));
    caller.handle('runs.endMachines', async ({ id, coiled }, signal) => {
      const { cloud, output, command, cwd } = await book.get(id);
      if (cloud === undefined || cloud.left.length === 0) return book.get(id);
      const [{ endLeft }, { realCloudTime }] = await Promise.all([import('../backends/coiled/endLeft.ts'), import('../backends/coiled/runCloud.ts')]);
      const gone = await endLeft({
        output: openStore(output, outputStorage({ command, cwd })), names: cloud.left, env: withCoiled(caller.env, coiled), time: realCloudTime, signal,
        journal: { append: (body) => {
          if (body.type === 'cloud-job') log('info', `Run ${id}: ${jobWords(body.job)}.`);
          return { ...body, seq: 0, time: clock() };
        } },
      });
      return book.noteGone(id, gone);
    });
    caller.handle('runs.takeUp', async ({ id, coiled }) => {
      const { takeUpRun } = await import('./runs/takeUp.ts');
      const next = takeUpRun(await book.get(id), withCoiled(caller.env, coiled), starter, clock(), (own) => void book.look(own));
      book.scan();
      return book.get(next);
    });
    caller.handle('runs.delete', async ({ id }) => {
      indexes.forget(book.folder(id));
      await book.delete(id);
      return null;
    });
    caller.handle('runs.log', async ({ id, from, limit }) => {
      await book.get(id);
      return logs.read(book.folder(id), from, Math.min(limit, lineLimit));
    });
    caller.handle('runs.lines', async ({ id, query, from, count }) => {
      await book.get(id);
      return indexes.of(book.folder(id)).page(query, from, Math.min(count, rowLimit), linesPatience);
    });
    caller.handle('runs.nextError', async ({ id, query, from, backwards }) => {
      await book.get(id);
      return await indexes.of(book.folder(id)).nextError(query, from, backwards) ?? null;
    });
    caller.handle('runs.tasks', async ({ id, since }) => {
      await book.get(id);
      return indexes.of(book.folder(id)).tasks(since);
    });
    caller.handle('runs.resources', async ({ id, points, hosts }) => {
      await book.get(id);
      return { hosts: await readResources(book.folder(id), Math.min(points, pointLimit), hosts) };
    });
    caller.handle('runs.outputs', async ({ id }, signal) => {
      const run = await book.get(id);
      return listOutputs(openStore(run.output, outputStorage(run)), signal);
    });
  };
};
