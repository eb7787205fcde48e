import assert from 'node:assert/strict';
import { acquireLock, lockKey, readLock, removeLock } from '../../../runner/engine/lock.ts';
import type { LockSystem } from '../../../runner/engine/lock.ts';
import { SpimquantError } from '../../../runner/protocol/errors.ts';
import { MemoryStore } from '../../../runner/storage/memoryStore.ts';

function system(pid: number, host = 'here', alive: readonly number[] = [], mark = (id: number) => `start-${id}`): LockSystem {
  return { pid, host, isAlive: (id) => alive.includes(id), processMark: mark };
}

const busy = (error: unknown): boolean => error instanceof SpimquantError && error.code === 'output-busy' && /--unlock/.test(error.hint ?? '');

/** A store that cannot delete for a while. */
class FrailStore extends MemoryStore {
  isAway = false;

  override async delete(key: string): Promise<void> {
    if (this.isAway) throw new SpimquantError('network', 'away');
    await super.delete(key);
  }
}

describe('output lock', () => {
  it('is held by one run at a time', async () => {
    const store = new MemoryStore();
    const lock = await acquireLock(store, 0, system(1));
    assert.equal(lock.tookOver, false);
    await assert.rejects(acquireLock(store, 0, system(2, 'here', [1])), (error) => busy(error) && /process 1 on here, since 1970/.test((error as Error).message));
    await lock.release();
    assert.equal(await readLock(store), undefined);
    await (await acquireLock(store, 0, system(2, 'here', [1]))).release();
  });

  it('is taken over from a dead process of this machine', async () => {
    const store = new MemoryStore();
    await acquireLock(store, 0, system(1));
    const lock = await acquireLock(store, 0, system(2));
    assert.equal(lock.tookOver, true);
    assert.equal((await readLock(store))?.pid, 2);
  });

  it('is taken over when the process number belongs to another process now', async () => {
    const store = new MemoryStore();
    await acquireLock(store, 0, system(1));
    assert.equal((await acquireLock(store, 0, system(2, 'here', [1], () => 'later'))).tookOver, true);
  });

  it('of another machine is never taken over, but can be removed', async () => {
    const store = new MemoryStore();
    await acquireLock(store, 0, system(1, 'there'));
    await assert.rejects(acquireLock(store, 0, system(2)), busy);
    assert.equal((await removeLock(store))?.host, 'there');
    await acquireLock(store, 0, system(2));
  });

  it('is won by one of many that find the same dead lock', async () => {
    const store = new MemoryStore();
    await acquireLock(store, 0, system(99));
    const rivals = Array.from({ length: 12 }, (_, i) => i + 1);
    const results = await Promise.allSettled(rivals.map((pid) => acquireLock(store, 0, system(pid, 'here', rivals))));
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    assert.ok(results.every((result) => result.status === 'fulfilled' || busy(result.reason)));
  });

  it('releases only itself', async () => {
    const store = new MemoryStore();
    const first = await acquireLock(store, 0, system(1));
    await removeLock(store);
    await acquireLock(store, 0, system(2));
    await first.release();
    assert.equal((await readLock(store))?.pid, 2);
  });

  it('is taken by a second try of the same run, whatever became of the first', async () => {
    const store = new FrailStore();
    await acquireLock(store, 0, system(1), 'one');
    assert.equal((await acquireLock(store, 0, system(1, 'here', [1]), 'one')).tookOver, false);
    await assert.rejects(acquireLock(store, 0, system(1, 'here', [1]), 'two'), busy);
    // The first try broke off in the middle of taking over from a dead process.
    store.isAway = true;
    await assert.rejects(acquireLock(store, 0, system(3), 'three'), { code: 'network' });
    store.isAway = false;
    assert.equal((await acquireLock(store, 0, system(3, 'here', [3]), 'three')).tookOver, true);
    assert.equal((await readLock(store))?.token, 'three');
  });

  it('is taken over when damaged', async () => {
    const store = new MemoryStore();
    await store.write(lockKey, '{"pid":');
    assert.equal((await acquireLock(store, 0, system(2))).tookOver, true);
  });
});
