import assert from 'node:assert/strict';
import { walk } from '../../../extension/forms/walk.ts';
import type { Move, Place, Step } from '../../../extension/forms/walk.ts';

interface Answers { readonly a: number; readonly b: number; readonly c: number }

/** Steps a, b, c that answer as they are told; `asked` says what was asked, with the step's number. */
function form(moves: Readonly<Record<string, readonly Move<Answers>[]>>, bNeeded: (answers: Partial<Answers>) => boolean = () => true): { readonly steps: readonly Step<Answers>[]; readonly asked: string[]; readonly saw: Partial<Answers>[] } {
  const asked: string[] = [];
  const saw: Partial<Answers>[] = [];
  const left = new Map(Object.entries(moves).map(([name, list]) => [name, [...list]]));
  const step = (name: string): Step<Answers> => ({
    name,
    ...(name === 'b' ? { needed: bNeeded } : {}),
    ask: async (answers: Partial<Answers>, place: Place) => {
      asked.push(`${name} ${place.number}/${place.total}${place.canGoBack ? ' back' : ''}`);
      saw.push(answers);
      const move = left.get(name)?.shift();
      assert.ok(move !== undefined, `${name} is asked too often`);
      return move;
    },
  });
  return { steps: ['a', 'b', 'c'].map(step), asked, saw };
}

const next = (answers: Partial<Answers>): Move<Answers> => ({ kind: 'next', answers });

describe('A form, question by question', () => {
  it('goes through in order and counts', async () => {
    const { steps, asked } = form({ a: [next({ a: 1 })], b: [next({ b: 2 })], c: [next({ c: 3 })] });
    assert.deepEqual(await walk(steps, {}), { a: 1, b: 2, c: 3 });
    assert.deepEqual(asked, ['a 1/3', 'b 2/3 back', 'c 3/3 back']);
  });

  it('loses nothing on the way back, not even what was ticked before going back', async () => {
    const { steps, asked, saw } = form({ a: [next({ a: 1 }), next({ a: 10 })], b: [{ kind: 'back', answers: { b: 2 } }, next({ b: 2 })], c: [next({ c: 3 })] });
    assert.deepEqual(await walk(steps, {}), { a: 10, b: 2, c: 3 });
    assert.deepEqual(asked, ['a 1/3', 'b 2/3 back', 'a 1/3', 'b 2/3 back', 'c 3/3 back']);
    assert.deepEqual(saw[2], { a: 1, b: 2 });
  });

  it('leaves out what is not needed, forwards and backwards', async () => {
    const { steps, asked } = form({ a: [next({ a: 1 }), next({ a: 1 })], c: [{ kind: 'back' }, next({ c: 3 })] }, (answers) => answers.a !== 1);
    assert.deepEqual(await walk(steps, { a: 1 }), { a: 1, c: 3 });
    assert.deepEqual(asked, ['a 1/2', 'c 2/2 back', 'a 1/2', 'c 2/2 back']);
  });

  it('begins where the rest is known, and can go back from there', async () => {
    const { steps, asked } = form({ a: [next({ a: 5 })], b: [{ kind: 'back' }, next({ b: 2 })], c: [next({ c: 3 })] });
    assert.deepEqual(await walk(steps, { a: 1 }, 'b'), { a: 5, b: 2, c: 3 });
    assert.deepEqual(asked, ['b 2/3 back', 'a 1/3', 'b 2/3 back', 'c 3/3 back']);
  });

  it('goes to a question that is asked for, and ends when the user leaves', async () => {
    const { steps, asked } = form({ a: [next({ a: 1 }), { kind: 'cancel' }], b: [next({ b: 2 })], c: [{ kind: 'to', step: 'a' }] });
    assert.equal(await walk(steps, {}), undefined);
    assert.deepEqual(asked, ['a 1/3', 'b 2/3 back', 'c 3/3 back', 'a 1/3']);
  });
});
