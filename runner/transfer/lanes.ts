/** Works on items as they come, so many at once, until there are none or the signal is aborted. The first failure is thrown after those under way have ended. */
export async function inLanes<T>(items: AsyncIterable<T>, lanes: number, signal: AbortSignal, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  let turn: Promise<unknown> = Promise.resolve();
  let failed = false;
  const next = (): Promise<IteratorResult<T>> => {
    const taken = turn.then(() => iterator.next());
    turn = taken.catch(() => undefined);
    return taken;
  };
  const lane = async (): Promise<void> => {
    while (!signal.aborted && !failed) {
      try {
        const item = await next();
        if (item.done === true) return;
        await work(item.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  await iterator.return?.();
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
