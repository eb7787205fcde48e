import assert from 'node:assert/strict';
import { outputsTitle } from '../../../extension/outputs/sources.ts';
import { filterTests, type OutputEntry } from '../../../runner/protocol/outputs.ts';
import { filterText, parseFilter } from '../../../webviews/outputs/filterText.ts';
import { barTicks, firstRange, mapColour, scaled, scaleOf } from '../../../webviews/outputs/mapColours.ts';
import { readFromOutputsPage, readToOutputsPage } from '../../../webviews/outputs/messages.ts';
import { inOrder, isWithin, joinAddress, shortNames } from '../../../webviews/outputs/model.ts';
import { fitsSearch, groupRows, hemisphereOf, orderRegions, summarise } from '../../../webviews/outputs/regionStats.ts';
import { niceTicks, shortNumber } from '../../../webviews/outputs/scale.ts';
import { readOutputsState } from '../../../webviews/outputs/viewState.ts';

describe('The page of outputs', () => {
  it('understands what is written into a filter, and writes it back', () => {
    const tests = (kind: 'number' | 'text', text: string): unknown => {
      const parsed = parseFilter({ name: 'c', kind }, text);
      return 'problem' in parsed ? 'problem' : parsed.filters.map(({ test, value }) => `${test} ${value}`.trim());
    };
    assert.deepEqual(tests('number', '>5'), ['gt 5']);
    assert.deepEqual(tests('number', '<= 0.05'), ['le 0.05']);
    assert.deepEqual(tests('number', '1..10'), ['ge 1', 'le 10']);
    assert.deepEqual(tests('number', '>1 <5'), ['gt 1', 'lt 5']);
    assert.deepEqual(tests('number', '-3'), ['eq -3']);
    assert.deepEqual(tests('number', '!=0'), ['ne 0']);
    assert.deepEqual(tests('number', 'empty'), ['empty']);
    assert.equal(tests('number', 'many'), 'problem');
    assert.equal(tests('number', '1..b'), 'problem');
    assert.deepEqual(tests('text', 'cortex'), ['has cortex']);
    assert.deepEqual(tests('text', '=Cortex'), ['eq Cortex']);
    assert.deepEqual(tests('text', '!left'), ['hasNot left']);
    assert.deepEqual(tests('text', ''), []);
    for (const [kind, text] of [['number', '>5'], ['number', '1..10'], ['number', '>1 <=5'], ['text', '=Cortex'], ['text', '!left'], ['text', 'thal'], ['number', 'filled']] as const) {
      const parsed = parseFilter({ name: 'c', kind }, text);
      assert.equal('filters' in parsed ? filterText(kind, parsed.filters) : '', text);
    }
    assert.equal(filterTests.length, new Set(filterTests).size);
  });

  it('takes regions together by group as a calculator does', () => {
    const values = Float64Array.of(1, 2, NaN, 3, 5, 7, 10, NaN, NaN);
    const table = { regions: [{ index: 1, name: 'Cortex, left' }, { index: 2, name: 'Cortex, right' }, { index: 3, name: 'Thalamus' }], bytes: new Uint8Array(values.buffer) };
    const grouping = groupRows(['01', '02', '03'], { name: 'treatment', values: { '01': 'drug', '02': 'control', '03': 'drug' } });
    assert.deepEqual(grouping, { names: ['control', 'drug'], of: [1, 0, 1] });
    const regions = summarise(table, grouping);
    const [left] = regions;
    assert.deepEqual([left.groups[0].mean, left.groups[0].points.length, Number.isNaN(left.groups[0].sd)], [3, 1, true]);
    assert.ok(left.groups[1].mean === 5.5 && Math.abs(left.groups[1].sd - Math.sqrt(40.5)) < 1e-12);
    assert.deepEqual(orderRegions(regions, 'mean').map(({ index }) => index), [3, 1, 2]);
    assert.deepEqual(orderRegions(regions, 'difference').map(({ index }) => index), [2, 1, 3]);
    assert.deepEqual(orderRegions(regions, 'name').map(({ index }) => index), [1, 2, 3]);
    assert.deepEqual(groupRows(['01', '04'], { name: 't', values: { '01': 'a' } }).of, [0, -1], 'Who is in no group is in none.');
    assert.deepEqual([hemisphereOf('Left thalamus'), hemisphereOf('CTX_R'), hemisphereOf('Tectum')], ['left', 'right', undefined]);
    assert.ok(fitsSearch('Cortex, left', 'thal, cort le') && !fitsSearch('Cortex, left', 'thalamus'));
  });

  it('has round numbers on its axes', () => {
    assert.deepEqual(niceTicks(0, 0.93, 4).ticks, [0, 0.25, 0.5, 0.75, 1]);
    assert.deepEqual(niceTicks(0, 0.3, 3).ticks, [0, 0.1, 0.2, 0.3]);
    assert.ok(niceTicks(-3.2, 7, 5).low <= -3.2 && niceTicks(-3.2, 7, 5).high >= 7);
    assert.ok(niceTicks(0, 0, 4).ticks.length >= 2, 'Also where all is zero.');
    assert.deepEqual([shortNumber(1234.5), shortNumber(0.00001), shortNumber(0)], ['1,235', '1e-5', '0']);
  });

  it('gives values of maps colours that tell sign, size and what is hidden', () => {
    const range = { low: 1, high: 4 };
    assert.equal(mapColour('bothSides', 0.5, range), undefined);
    const [warm, cold] = [mapColour('bothSides', 3, range), mapColour('bothSides', -3, range)];
    assert.ok(warm !== undefined && cold !== undefined && warm[0] > warm[2] && cold[2] > cold[0]);
    assert.equal(mapColour('upwards', 0, { low: 0, high: 1 }), undefined, 'Nothing is not shown.');
    assert.equal(mapColour('upwards', NaN, { low: 0, high: 1 }), undefined);
    assert.deepEqual(mapColour('upwards', 9, { low: 0, high: 1 }), mapColour('upwards', 1, { low: 0, high: 1 }));
    assert.deepEqual([scaleOf('Abeta+count_tstat'), scaleOf('Abeta+count_qval'), scaleOf('Abeta+count_mean_drug')], ['bothSides', 'probability', 'upwards']);
    assert.ok(Math.abs(scaled('probability', 0.01) - 2) < 1e-12);
    const p = firstRange('probability', [0.2, 0.001, NaN]);
    assert.ok(Math.abs(p.low - 1.30103) < 1e-4 && p.high === 3);
    assert.deepEqual(barTicks('probability', p).map(({ words }) => words), ['0.05', '0.01', '0.001']);
    assert.deepEqual(barTicks('bothSides', { low: 0, high: 4 }).map(({ words }) => words), ['-4', '-2', '0', '2', '4']);
  });

  it('knows whose files are whose', () => {
    const entry = (scope: string, scopeKind: OutputEntry['scopeKind']): OutputEntry => ({ path: `${scope}/x.png`, kind: 'figure', scope, scopeKind, title: 't', entities: {}, suffix: 'x', bytes: 1, version: 'v' });
    const [one, ten, group, session] = [entry('sub-1', 'participant'), entry('sub-10', 'participant'), entry('group/1', 'group'), entry('sub-1/ses-2', 'participant')];
    assert.deepEqual([isWithin(ten, 'sub-1'), isWithin(session, 'sub-1'), isWithin(one, ''), isWithin(group, 'kind:participant'), isWithin(one, 'kind:participant')], [false, true, true, false, true]);
    assert.deepEqual(inOrder([ten, one, group]).map(({ scope }) => scope), ['group/1', 'sub-1', 'sub-10']);
    assert.deepEqual([joinAddress('s3://b/out/', 'sub-1/x.png'), joinAddress('/data/out', 'sub-1/x.png'), joinAddress('C:\\out', 'sub-1/x.png')], ['s3://b/out/sub-1/x.png', '/data/out/sub-1/x.png', 'C:\\out\\sub-1\\x.png']);
    assert.deepEqual(shortNames(['sub-01 sample-brain acq-4x', 'sub-02 sample-brain acq-4x']), ['sub-01', 'sub-02']);
    assert.deepEqual(shortNames(['sub-01 ses-1', 'sub-01 ses-2']), ['sub-01 ses-1', 'sub-01 ses-2']);
    assert.deepEqual([outputsTitle('/data/brains/derivatives/spimquant'), outputsTitle('s3://lab/out'), outputsTitle('/x/run7')], ['brains/derivatives/spimquant', 'lab/out', 'run7']);
  });

  it('takes only messages and states of its own, and never a secret with them', () => {
    const folder = { uri: 's3://lab/out', storage: { awsProfile: 'lab', secretAccessKey: 'x' } };
    assert.deepEqual(readToOutputsPage({ type: 'show', source: { folder, title: 'out', run: 7 }, going: true }), { type: 'show', going: true, source: { folder: { uri: 's3://lab/out', storage: { awsProfile: 'lab' } }, title: 'out' } });
    for (const wrong of [undefined, 'show', { type: 'show' }, { type: 'show', source: { folder: { uri: '' }, title: 't' } }, { type: 'other', source: {} }]) assert.equal(readToOutputsPage(wrong), undefined);
    for (const wrong of [{ type: 'file', action: 'delete', file: folder }, { type: 'file', action: 'open' }, { type: 'page', action: 'x' }, { type: 'saveText', name: '../x', text: '' }, { type: 'ask', id: 1, name: 'storage.write', params: {} }, { type: 'exportRows', to: 'bucket', table: { folder, path: 'p', query: {} } }]) {
      assert.equal(readFromOutputsPage(wrong), undefined, JSON.stringify(wrong));
    }
    assert.equal(readFromOutputsPage({ type: 'ask', id: 1, name: 'outputs.list', params: { folder } })?.type, 'ask');
    const state = readOutputsState({ source: { folder, title: 'out' }, tab: 'maps', scope: 3, table: { path: 'p', query: { search: 'x', filters: [{ column: 'a', test: 'odd', value: '1' }], sort: [{ column: 'a', descending: true }] } }, choices: { maps: { map: 'x', bad: 4 } } });
    assert.deepEqual([state?.tab, state?.scope, state?.table?.query, state?.choices.maps], ['maps', '', { search: 'x', filters: [], sort: [{ column: 'a', descending: true }] }, { map: 'x' }]);
    assert.equal(readOutputsState({ tab: 'maps' }), undefined);
  });
});
