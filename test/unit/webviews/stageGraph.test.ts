import assert from 'node:assert/strict';
import type { TaskRow } from '../../../runner/protocol/runView.ts';
import { layOut } from '../../../webviews/run/graphLayout.ts';
import { hasConnections, stageGraph } from '../../../webviews/run/stageGraph.ts';

function task(id: string, ...after: readonly string[]): TaskRow {
  const [scope, stage] = id.split('/');
  return { id, stage, scope, title: id, status: 'waiting', attempts: 0, ...(after.length === 0 ? {} : { after }) };
}

describe('the stages of a run as a graph', () => {
  const plan = [task('01/import'), task('01/correct', '01/import'), task('01/segment', '01/correct', '01/import'), task('01/register', '01/import'), task('01/count', '01/segment', '01/register')];

  it('has each stage below all that it needs, and no connection that a longer way tells', () => {
    const { nodes, edges } = stageGraph(plan);
    assert.deepEqual(nodes.map(({ stage, layer }) => [stage, layer]), [['import', 0], ['correct', 1], ['segment', 2], ['register', 1], ['count', 3]]);
    assert.deepEqual(edges.map(({ from, to }) => `${from}>${to}`), ['import>correct', 'correct>segment', 'import>register', 'segment>count', 'register>count']);
  });

  it('puts the tasks of several participants together, and leaves out what is not among the tasks', () => {
    const { nodes, edges } = stageGraph([task('01/segment', '01/import'), task('02/segment', '02/import'), task('group/stats', '01/segment', '02/segment')]);
    assert.deepEqual(nodes.map(({ stage, tasks }) => [stage, tasks.length]), [['segment', 2], ['stats', 1]]);
    assert.equal(edges.length, 1);
  });

  it('copes with a stage that comes twice in one chain, and with runs that do not say what needs what', () => {
    const { nodes } = stageGraph([task('01/a'), { ...task('01/b', '01/a') }, { ...task('01/a2', '01/b'), stage: 'a' }]);
    assert.deepEqual(nodes.map(({ stage }) => stage), ['a', 'b']);
    assert.equal(hasConnections([task('01/a'), task('02/a')]), false);
    assert.equal(hasConnections(plan), true);
  });

  it('lays stages out without overlap, and leads connections down past the lines between', () => {
    const { places, ways, width, height } = layOut(stageGraph(plan), { width: 100, height: 20, between: 10, lines: 30 });
    const spots = [...places].filter(([name]) => !name.startsWith('\n')).map(([, spot]) => spot);
    assert.equal(spots.length, 5);
    for (const [at, a] of spots.entries()) {
      assert.ok(a.x >= 50 && a.x <= width - 50 && a.y >= 10 && a.y <= height - 10);
      for (const b of spots.slice(at + 1)) assert.ok(Math.abs(a.x - b.x) >= 110 || Math.abs(a.y - b.y) >= 50, JSON.stringify([a, b]));
    }
    for (const { points } of ways) points.slice(1).forEach((point, at) => { assert.ok(point.y > points[at].y); });
    assert.equal(ways.find(({ from, to }) => from === 'register' && to === 'count')?.points.length, 4);
  });

  it('draws a connection that passes by many lines straight, and crosses none that it need not', () => {
    // A chain with a branch at its right, of which one connection leads to the last stage.
    const chain = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, at, all) => task(`01/${name}`, ...(at === 0 ? [] : [`01/${all[at - 1]}`])));
    const graph = stageGraph([task('01/side', '01/a'), ...chain.slice(0, 5), task('01/f', '01/e', '01/side')]);
    const { ways, width } = layOut(graph, { width: 100, height: 20, between: 10, lines: 30 });
    const past = ways.find(({ from }) => from === 'side')?.points.slice(1, -1).map(({ x }) => x) ?? [];
    assert.ok(past.length > 2 && Math.max(...past) - Math.min(...past) < 40, past.join(' '));
    assert.ok(width <= 260, String(width));
    const crossed = stageGraph([task('01/l'), task('01/r'), task('01/to-r', '01/r'), task('01/to-l', '01/l')]);
    const { places } = layOut(crossed, { width: 100, height: 20, between: 10, lines: 30 });
    const x = (name: string): number => places.get(name)?.x ?? 0;
    assert.equal(Math.sign(x('l') - x('r')), Math.sign(x('to-l') - x('to-r')));
  });
});
