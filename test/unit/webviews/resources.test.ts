import assert from 'node:assert/strict';
import { readToResourcesPage } from '../../../webviews/resources/messages.ts';
import { charts, linePath, niceTop, sampleLimit, spokenWords, valueWords } from '../../../webviews/resources/series.ts';
import { machineRows, machinesTitle } from '../../../webviews/resources/machines.ts';
import { formatCell } from '../../../webviews/kit/table.ts';
import { readFromResultPage, readResultPageState, readToResultPage } from '../../../webviews/result/messages.ts';
import { readFromReportPage } from '../../../webviews/report/messages.ts';
import type { MachineUse, ResourceSample } from '../../../runner/protocol/resources.ts';

const sample = (change: Partial<ResourceSample>): ResourceSample => ({ time: 0, cpu: 1.7, cores: 8, memory: 2.1e9, memoryLimit: 16e9, diskRead: 12e6, diskWrite: 3e6, networkIn: 0, networkOut: 500, processes: 2, ...change });

describe('Resource charts', () => {
  it('say their values in words', () => {
    assert.deepEqual(charts.map((chart) => valueWords(chart, sample({}))), ['1.7 of 8 cores', '2.1 GB of 16.0 GB', 'read 12.0 MB/s, written 3.0 MB/s', 'in 0 B/s, out 500 B/s']);
    assert.equal(valueWords(charts[0], sample({ cores: 1 })), '1.7 of 1 core');
    assert.match(spokenWords(sample({})), /^CPU 1\.7 of 8 cores\. Memory 2\.1 GB/);
  });

  it('draw the latest at the right, break at gaps and leave out what is too old', () => {
    const line = charts[0].lines[0];
    const path = linePath([sample({ time: -1e6 }), sample({ time: 0, cpu: 0 }), sample({ time: 1000, cpu: 8 }), sample({ time: 10_000, cpu: 4 })], line, 8, 1000);
    const step = 100 / (sampleLimit - 1);
    assert.equal(path, `M${(100 - 10 * step).toFixed(2)} 100.00L${(100 - 9 * step).toFixed(2)} 0.00M100.00 50.00`);
    assert.equal(linePath([], line, 8, 1000), '');
  });

  it('have axes of round numbers that do not magnify noise', () => {
    assert.deepEqual([0.3, 1, 1.1, 3, 7e6].map(niceTop), [0.5, 1, 2, 5, 1e7]);
    assert.equal(charts[2].top([sample({ diskRead: 10, diskWrite: 0 })]), 1e6);
    assert.equal(charts[2].top([sample({ diskRead: 10, diskWrite: 3.1e6 })]), 5e6);
    assert.equal(charts[1].top([sample({})]), 16e9);
  });
});

describe('Cloud machines beside the charts', () => {
  it('say what each takes, and all together', () => {
    const machine = (participant: string): MachineUse => ({ ...sample({}), host: `vm-${participant}`, participant, run: 'r' });
    const machines = Array.from({ length: 52 }, (_, at) => machine(String(at)));
    assert.equal(machinesTitle(machines.slice(0, 2)), '2 cloud machines: 3.4 of 16 cores, 4.2 GB of 32.0 GB');
    const rows = machineRows(machines);
    assert.deepEqual([rows.length, rows[0].title, rows[50].title], [51, 'sub-0 on vm-0', 'and 2 more']);
    assert.match(rows[0].words, /^1\.7 of 8 cores, 2\.1 GB of 16\.0 GB, disk 15\.0 MB\/s, network/);
    assert.deepEqual(readToResourcesPage({ type: 'machines', machines: [machine('1'), sample({}), 3] }), { type: 'machines', machines: [machine('1')] });
  });
});

describe('Messages of pages', () => {
  it('are taken only in their form', () => {
    assert.equal(readToResourcesPage({ type: 'sample', sample: { cpu: 1 } }), undefined);
    assert.deepEqual(readToResourcesPage({ type: 'history', samples: [sample({}), null, 3], intervalMs: 500 }), { type: 'history', samples: [sample({})], intervalMs: 500 });
    assert.deepEqual(readFromResultPage({ type: 'run', text: 'spimquant info /a', more: 1 }), { type: 'run', text: 'spimquant info /a' });
    for (const bad of [undefined, null, 'run', { type: 'run' }, { type: 'open', uri: 1, title: '' }, { type: 'delete', text: 'x' }]) assert.equal(readFromResultPage(bad), undefined);
    assert.equal(readToResultPage({ type: 'show', result: { title: 't' } }), undefined);
    assert.deepEqual(readResultPageState({ command: 'c', result: 'broken' }), { command: 'c' });
    assert.equal(readFromReportPage({ type: 'open', href: 3 }), undefined);
    assert.deepEqual(readFromReportPage({ type: 'open', href: '../a.tsv', more: 1 }), { type: 'open', href: '../a.tsv' });
  });
});

describe('Cells of tables', () => {
  it('are written for people', () => {
    assert.deepEqual([1234567, 0.123456789, 1e-7, 123456789.5, null, NaN, 'sub-01', -3].map(formatCell), ['1,234,567', '0.12346', '1.000e-7', '1.235e+8', '–', '–', 'sub-01', '-3']);
  });
});
