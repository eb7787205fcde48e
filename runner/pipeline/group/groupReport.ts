import { drawBars } from '../../figures/bars.ts';
import { htmlCards, htmlFigure, htmlFiles, htmlNotices, htmlPage, htmlTable, relativeLink } from '../../figures/html.ts';
import { escapeHtml } from '../../wording/escape.ts';
import type { HtmlColumn, HtmlSection } from '../../figures/html.ts';
import { drawPlot } from '../../figures/plot.ts';
import type { Mark } from '../../figures/plot.ts';
import { pngDataUri } from '../../figures/png.ts';
import { svgToPng } from '../../figures/render.ts';
import { formatNumber } from '../../figures/scale.ts';
import { ink, seriesColor, svgDocument } from '../../figures/svg.ts';
import type { Provenance } from '../../protocol/options.ts';
import { columnNames, numberValues, textValues } from '../../tables/table.ts';
import type { Table } from '../../tables/table.ts';
import { paramsOf, readBytes, writeBytes } from '../io.ts';
import { sidecarOf } from '../paths.ts';
import { provenanceSection } from '../report/reportParts.ts';
import { readTsvTable } from '../tableFiles.ts';
import { taskParams } from '../task.ts';
import type { Artifact, Stage, Task } from '../task.ts';
import type { Contrast } from './contrast.ts';
import { groupPaths, groupReportPath } from './groupPaths.ts';
import type { Analysis } from './groupPaths.ts';
import { labelOf, testDescription } from './groupStats.ts';

interface Params {
  readonly label: string;
  readonly analyses: readonly Analysis[];
  readonly contrast?: Contrast;
  readonly test: 'student' | 'welch';
  readonly participants: readonly string[];
  readonly notices: readonly string[];
  readonly provenance: Provenance;
}

/** What the report of a group run is made from. */
export interface GroupReportRequest extends Omit<Params, 'contrast'> {
  readonly contrast: Contrast | undefined;
}

/** One page about all comparisons of a group run. */
export function groupReportTask(request: GroupReportRequest): Task {
  const { label, analyses, contrast } = request;
  const params: Params = {
    label, analyses, ...(contrast === undefined ? {} : { contrast }), test: request.test, participants: request.participants,
    notices: request.notices, provenance: request.provenance,
  };
  const place = (path: string): Artifact => ({ place: 'output', path });
  return {
    id: `group/${label}/report/${labelOf(contrast) ?? 'all'}`,
    stage: 'group-report',
    scope: 'group',
    title: 'group report',
    params: taskParams(params),
    inputs: analyses.flatMap((analysis) => {
      const paths = groupPaths(label, analysis, labelOf(contrast));
      return [place(paths.groupStats('tsv')), place(paths.groupStats('png'))];
    }),
    outputs: [place(groupReportPath(label))],
    memoryBytes: 400e6,
    readBytes: 0,
  };
}

/** One region and metric of a comparison. */
interface Finding {
  readonly index: number;
  readonly name: string;
  readonly metric: string;
  readonly means: readonly [number, number];
  readonly t: number;
  readonly p: number;
  readonly q: number;
  readonly d: number;
}

function metricsOf(table: Table, suffix: string): readonly string[] {
  return columnNames(table).filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
}

function findings(table: Table, names: readonly [string, string]): readonly Finding[] {
  const index = numberValues(table, 'index');
  const regions = textValues(table, 'name');
  return metricsOf(table, '_tstat').flatMap((metric) => {
    const column = (suffix: string): Float64Array => numberValues(table, `${metric}_${suffix}`);
    const [a, b, t, p, q, d] = [column(`mean_${names[0]}`), column(`mean_${names[1]}`), column('tstat'), column('pval'), column('qval'), column('cohensd')];
    return Array.from(index, (region, i): Finding => ({ index: region, name: regions[i], metric, means: [a[i], b[i]], t: t[i], p: p[i], q: q[i], d: d[i] }));
  }).filter((finding) => finding.index !== 0);
}

const alpha = 0.05;

/** Effect against evidence for one metric; the regions with the smallest p are named. */
async function effectFigure(all: readonly Finding[], metric: string, names: readonly [string, string], color: string): Promise<string> {
  const own = all.filter((finding) => finding.metric === metric && Number.isFinite(finding.p) && Number.isFinite(finding.d)).sort((a, b) => a.p - b.p || a.index - b.index);
  const evidence = (finding: Finding): number => -Math.log10(Math.max(finding.p, 1e-300));
  const reach = Math.max(0.5, ...own.map((finding) => Math.abs(finding.d))) * 1.15;
  const highest = Math.max(2, ...own.map(evidence));
  // Names that would be written over each other are left out: the bars and the table have them.
  const named: Finding[] = [];
  for (const finding of own.slice(0, 12)) {
    const hidden = named.some((other) => Math.abs(evidence(other) - evidence(finding)) < highest * 0.06 && Math.abs(other.d - finding.d) < reach);
    if (!hidden && named.length < 6) named.push(finding);
  }
  const [sure, unsure] = [own.filter((finding) => finding.q < alpha), own.filter((finding) => !(finding.q < alpha))];
  const points = (list: readonly Finding[], paint: string, label: string): Mark => ({ kind: 'points', x: list.map((f) => f.d), y: list.map(evidence), color: paint, label });
  const plot = drawPlot({ x: 0, y: 0, width: 590, height: 460 }, {
    title: metric,
    x: { label: `Cohen's d (right: ${names[0]} higher)`, domain: [-reach, reach] }, y: { label: '−log₁₀ p', domain: [0, highest * 1.38] },
    marks: [
      { kind: 'vertical', x: 0, color: ink.rule, width: 1 }, { kind: 'horizontal', y: -Math.log10(alpha), color: ink.faint, dash: '4 4', label: 'p = 0.05' },
      points(unsure, '#98a2b3', `q ≥ ${alpha}`), points(sure, color, `q < ${alpha}`),
      ...named.map((finding): Mark => ({ kind: 'note', x: finding.d, y: evidence(finding), content: `\u00a0\u00a0${shorten(finding.name)}\u00a0\u00a0`, anchor: finding.d > reach * 0.3 ? 'end' : 'start' })),
    ],
    legend: 'top-left',
  });
  const ranked = [...own].sort((a, b) => Math.abs(b.d) - Math.abs(a.d) || a.index - b.index).slice(0, 15);
  const bars = drawBars({ x: 600, y: 0, width: 590, height: 460 }, {
    title: 'Largest effects', valueLabel: `Cohen's d (${names[0]} minus ${names[1]})`, color, empty: 'no region can be compared',
    rows: ranked.map((finding) => ({ label: finding.name, value: finding.d, color: finding.q < alpha ? color : '#98a2b3' })),
  });
  return pngDataUri(await svgToPng(svgDocument({ width: 1200, height: 470, title: `Effects on ${metric}`, body: plot + bars })));
}

function shorten(name: string): string {
  return name.length > 28 ? `${name.slice(0, 26).trimEnd()}…` : name;
}

function comparisonTable(all: readonly Finding[], names: readonly [string, string]): string {
  const most = 200;
  const sorted = [...all].filter((finding) => Number.isFinite(finding.p)).sort((a, b) => a.p - b.p || a.index - b.index || (a.metric < b.metric ? -1 : 1));
  const columns: readonly HtmlColumn[] = [
    { label: 'Region' }, { label: 'Metric' }, { label: `Mean ${names[0]}`, numeric: true }, { label: `Mean ${names[1]}`, numeric: true },
    { label: 't', numeric: true, digits: 3 }, { label: 'p', numeric: true, digits: 3 }, { label: 'q', numeric: true, digits: 3 }, { label: 'd', numeric: true, digits: 3 },
  ];
  const rows = sorted.slice(0, most).map((f) => [f.name, f.metric, f.means[0], f.means[1], f.t, f.p, f.q, f.d]);
  return htmlTable(sorted.length > most ? `The ${most} comparisons with the smallest p of ${sorted.length}; all are in the table file.` : 'All comparisons, smallest p first', columns, rows);
}

function descriptionTable(table: Table): string {
  const metrics = metricsOf(table, '_mean').slice(0, 8);
  const index = numberValues(table, 'index');
  const names = textValues(table, 'name');
  const columns: readonly HtmlColumn[] = [{ label: 'Region' }, { label: 'Participants', numeric: true }, ...metrics.flatMap((metric) => [{ label: `${metric}, mean`, numeric: true }, { label: 'SD', numeric: true, digits: 3 }])];
  const values = metrics.map((metric) => [numberValues(table, `${metric}_mean`), numberValues(table, `${metric}_std`)]);
  const n = numberValues(table, 'n_subjects');
  const rows = Array.from(index, (region, i) => ({ region, cells: [names[i], n[i], ...values.flatMap(([mean, sd]) => [mean[i], sd[i]])] }))
    .filter(({ region }) => region !== 0).slice(0, 300).map(({ cells }) => cells);
  return htmlTable('Regions, means over participants', columns, rows);
}

async function analysisSection(table: Table, png: Uint8Array, analysis: Analysis, params: Params, from: string): Promise<{ readonly section: HtmlSection; readonly significant: number; readonly tested: number }> {
  const { contrast } = params;
  const paths = groupPaths(params.label, analysis, labelOf(contrast));
  const heading = `Atlas ${analysis.seg}, ${analysis.method}`;
  const link = (path: string): string => relativeLink(from, path);
  const heat = htmlFigure(pngDataUri(png), `Heat map of ${heading}`, contrast === undefined ? 'Means of every region and metric.' : 'p (not corrected) and t of every region and metric.', link(paths.groupStats('png')));
  const files = htmlFiles([
    { path: paths.groupStats('tsv'), link: link(paths.groupStats('tsv')), what: contrast === undefined ? 'Description of all participants, by region' : 'All statistics, by region' },
    { path: sidecarOf(paths.groupStats('tsv')), link: link(sidecarOf(paths.groupStats('tsv'))), what: 'What its columns mean, and how it was made' },
    { path: paths.allSubjects(), link: link(paths.allSubjects()), what: 'Region tables of all participants, one under the other' },
  ]);
  const id = `atlas-${analysis.seg}-${analysis.method}`.replace(/[^A-Za-z0-9-]/g, '-');
  if (contrast === undefined) return { section: { id, heading, body: descriptionTable(table) + heat + files }, significant: 0, tested: 0 };
  const all = findings(table, contrast.values);
  const metrics = metricsOf(table, '_tstat').filter((metric) => /\+(density|fieldfrac)$/.test(metric));
  const figures: string[] = [];
  for (const [i, metric] of metrics.entries()) {
    const stain = metric.slice(0, metric.lastIndexOf('+'));
    figures.push(htmlFigure(await effectFigure(all, metric, contrast.values, seriesColor(i)),
      `Effect sizes and p values of ${metric} by region`, `${metric.endsWith('density') ? `Objects per mm³ (${stain})` : `Field fraction (${stain})`}: effect size against evidence for every region, and the regions with the largest effects. Gray: not significant after correction (q ≥ ${alpha}).`));
  }
  const tested = all.filter((finding) => Number.isFinite(finding.p));
  return {
    section: { id, heading, body: figures.join('') + comparisonTable(all, contrast.values) + heat + files },
    significant: tested.filter((finding) => finding.q < alpha).length, tested: tested.length,
  };
}

export const groupReportStage: Stage = {
  name: 'group-report',
  version: 1,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const { contrast, participants, notices, analyses, test } = params;
    const from = task.outputs[0].path;
    const parts: Awaited<ReturnType<typeof analysisSection>>[] = [];
    for (const [i, analysis] of analyses.entries()) {
      context.signal.throwIfAborted();
      const table = await readTsvTable(context, task.inputs[2 * i]);
      parts.push(await analysisSection(table, await readBytes(context, task.inputs[2 * i + 1]), analysis, params, from));
      context.progress({ done: i + 1, total: analyses.length, unit: 'items' });
    }
    const [significant, tested] = [parts.reduce((sum, part) => sum + part.significant, 0), parts.reduce((sum, part) => sum + part.tested, 0)];
    const small = contrast !== undefined && contrast.participants.some((group) => group.length < 5);
    const cards = contrast === undefined
      ? [{ label: 'Participants', value: String(participants.length) }, { label: 'Tables', value: String(analyses.length), note: 'atlases × methods' }]
      : [
        ...contrast.values.map((value, g) => ({ label: `${contrast.column}: ${value}`, value: String(contrast.participants[g].length), note: 'participants' })),
        { label: `Significant at q < ${alpha}`, value: formatNumber(significant, 12), note: `of ${formatNumber(tested, 12)} comparisons (regions × metrics)` },
        { label: 'Test', value: test === 'student' ? 'Student' : 'Welch', note: 'two-sided, FDR by metric' },
      ];
    const said = [...notices, ...(small ? ['With fewer than five participants in a group only large effects can be found, and standard deviations are uncertain.'] : [])];
    const groups = contrast === undefined
      ? [['all', participants.map(strip).join(', ')]]
      : contrast.values.map((value, g) => [value, contrast.participants[g].map(strip).join(', ')]);
    const page = htmlPage({
      title: contrast === undefined ? 'Group: all participants' : `Group: ${contrast.values[0]} compared with ${contrast.values[1]}`,
      subtitle: contrast === undefined ? `${participants.length} participants` : `By ${contrast.column}. Differences are ${contrast.values[0]} minus ${contrast.values[1]}.`,
      sections: [
        { id: 'overview', heading: 'Overview', body: htmlCards(cards) + htmlNotices(said) + htmlTable('Participants', [{ label: 'Group' }, { label: 'Participants' }], groups, false) },
        ...parts.map((part) => part.section),
        { id: 'method', heading: 'Method', body: `<p>${escapeHtml(contrast === undefined ? 'Mean, sample standard deviation, smallest and largest value over the participants that have the region.' : `${testDescription(test)} p values are corrected over the regions of each metric by the false discovery rate of Benjamini and Hochberg (q). Cohen's d uses the pooled standard deviation.`)}</p>${provenanceSection(params.provenance)}` },
      ],
      footer: `<p>SPIMquant ${escapeHtml(params.provenance.Version)}, ${escapeHtml(params.provenance.Engine)} engine.</p>`,
    });
    await writeBytes(context, task.outputs[0], page);
  },
};

function strip(participant: string): string {
  return participant.replace(/^sub-/, '');
}
