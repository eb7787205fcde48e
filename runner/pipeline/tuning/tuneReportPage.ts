import { htmlCards, htmlFigure, htmlNotices, htmlPage, htmlTable, relativeLink } from '../../figures/html.ts';
import { escapeHtml } from '../../wording/escape.ts';
import type { HtmlCell } from '../../figures/html.ts';
import { drawPanel } from '../../figures/panels.ts';
import { drawPlot } from '../../figures/plot.ts';
import type { Mark } from '../../figures/plot.ts';
import { pngDataUri } from '../../figures/png.ts';
import type { Raster } from '../../figures/png.ts';
import { svgToPng } from '../../figures/render.ts';
import { formatNumber } from '../../figures/scale.ts';
import { planes } from '../../figures/slices.ts';
import type { Plane } from '../../figures/slices.ts';
import { ink, seriesColor, svgDocument, text } from '../../figures/svg.ts';
import { settingFlags, settingName } from './settings.ts';
import type { TuneReportParams, TuneResult, TuneResults } from './tuneReport.ts';
import { drawBiasBar } from './tuneParts.ts';

/** The settings of N4 side by side, as a page of its own. Figures are linked to by their names: they lie beside it. */
export async function tuneReportPage(results: TuneResults, params: TuneReportParams): Promise<string> {
  const { before } = results;
  const alt = (what: string): string => `${what}, ${params.stain} of ${params.id}`;
  const sheets = await Promise.all(planes.map((plane) => planeSheet(results, plane)));
  const lowest = lowestBy(results.results, (result) => result.evenness.tissue);
  const notices = [
    ...(params.sloppy ? [`Only ${results.results.length} settings were tried, because of --sloppy. Without it there are 15: 1, 2, 3, 4 and 5 mm, each with 50, 100 and 200 iterations.`] : []),
    ...(results.brainVoxels === 0 ? ['The brain mask is empty: nothing was corrected. Look at the registration level and the orientation.'] : []),
  ];
  return htmlPage({
    title: `N4 settings for ${params.stain}`,
    subtitle: `${params.id}, level ${params.level} (voxels of ${params.voxelMm.map((mm) => formatNumber(mm, 3)).join(' × ')} mm), brain mask from ${params.maskStain}`,
    sections: [
      {
        id: 'numbers', heading: 'Settings in numbers',
        body: htmlNotices(notices)
          + htmlCards([
            { label: 'Bright tissue, uncorrected', value: `${formatNumber(before.tissue, 3)} %`, note: 'standard deviation over mean' },
            ...(lowest === undefined ? [] : [{ label: 'Bright tissue, most even', value: `${formatNumber(lowest.evenness.tissue, 3)} %`, note: `${settingName(lowest)}; not always the best: see below` }]),
            { label: 'Brain, uncorrected', value: `${formatNumber(before.brain, 3)} %`, note: `standard deviation over mean of ${formatNumber(results.brainVoxels, 12)} voxels` },
            { label: 'Settings tried', value: String(results.results.length), note: `at level ${params.level}` },
          ])
          + settingsTable(results, params)
          + '<p>A correction is good when the same tissue is equally bright everywhere (low variation) while the bias stays smooth. A fine spline with '
          + 'many iterations can go on lowering the numbers by taking real differences between regions for bias: then the bias is steep, and the anatomy '
          + 'shows in the pictures of the bias below. In a stain of plaques or cells, spots in the bias are objects that the correction dims. Of settings that do equally well, the one with the wider spacing and fewer iterations is the safer and the quicker.</p>',
      },
      { id: 'curves', heading: 'Before and after', body: htmlFigure(await curves(results), alt('Variation of the bright tissue by setting, and histograms'), `Left: standard deviation over mean of the bright tissue against iterations, a line for each spacing; dashed: uncorrected. Right: intensities of the brain before and after, with the most iterations of each spacing.`) },
      ...planes.map((plane, i) => ({
        id: plane, heading: `${plane[0].toUpperCase()}${plane.slice(1)} slices`,
        body: htmlFigure(sheets[i], alt(`The middle ${plane} slice after every setting, and the bias`), `Slice ${results.slices[plane]}. Left half: corrected, all between ${formatNumber(results.window.low)} and ${formatNumber(results.window.high)}. Right half: the bias, from ${formatNumber(1 / results.factor, 3)} (blue) over 1 (white) to ${formatNumber(results.factor, 3)} (red); the outline is the brain mask.`),
      })),
    ],
    footer: `<p>Bright tissue: the brightest of three classes of intensity (Otsu) that holds a fifth of the brain or more, found in the image corrected by the mean of all settings, without the brightest 0.5 % (${escapeHtml(formatNumber(results.tissueVoxels, 12))} voxels). `
      + 'All rows are measured on the same voxels. Entropy is that of the histogram of log intensities of the brain, in bins of 2 %. The steepest bias is the 99th percentile of its relative change per millimetre.</p>'
      + `<p>SPIMquant ${escapeHtml(params.version)}, embedded engine.</p>`,
  });
}

function lowestBy(results: readonly TuneResult[], value: (result: TuneResult) => number): TuneResult | undefined {
  return results.filter((result) => Number.isFinite(value(result))).reduce<TuneResult | undefined>((best, result) => (best === undefined || value(result) < value(best) ? result : best), undefined);
}

function settingsTable({ before, results }: TuneResults, params: TuneReportParams): string {
  const row = (result: TuneResult, i: number): HtmlCell[] => [
    { link: relativeLink(params.report, params.figures[i]), text: settingName(result) },
    result.evenness.tissue, result.evenness.brain, result.evenness.entropy, `${formatNumber(result.field.low, 3)}\u00a0to\u00a0${formatNumber(result.field.high, 3)}`, result.field.steepest, { code: settingFlags(result) },
  ];
  return htmlTable(`Each setting, with a link to its figure. A participant run uses a setting by its flags, together with --correction_level ${params.level}.`, [
    { label: 'Setting' }, { label: 'Variation, tissue (%)', numeric: true, digits: 3 }, { label: 'Variation, brain (%)', numeric: true, digits: 3 }, { label: 'Entropy (bit)', numeric: true },
    { label: 'Bias, p1 to p99' }, { label: 'Steepest bias (%/mm)', numeric: true, digits: 3 }, { label: 'Flags' },
  ], [['uncorrected', before.tissue, before.brain, before.entropy, '', NaN, ''], ...results.map((result, i) => row(result, i))]);
}

const label = 84;
const gap = 6;

/** Rows of spacings and columns of iterations: the corrected slices, then the bias fields; above them the input. */
async function planeSheet({ results, input, factor }: TuneResults, plane: Plane): Promise<string> {
  const spacings = [...new Set(results.map(({ spacing }) => spacing))];
  const iterations = [...new Set(results.map((result) => result.iterations))];
  const rasters = [input[plane], ...results.map((result) => result.corrected[plane])];
  const cellWidth = Math.max(...rasters.map(({ width }) => width), 120);
  const cellHeight = Math.max(...rasters.map(({ height }) => height));
  const half = iterations.length * (cellWidth + gap);
  const pitch = cellHeight + gap;
  const inputHeight = cellHeight + 34;
  const head = inputHeight + 46;
  const cell = (x: number, y: number, picture: Raster): string => drawPanel({ x, y, width: cellWidth, height: cellHeight }, picture);
  const columns = (x: number, title: string): string => text(x, inputHeight + 22, title, { size: 14, weight: 'bold' })
    + iterations.map((count, i) => text(x + i * (cellWidth + gap) + cellWidth / 2, inputHeight + 40, `${count} iterations`, { size: 12, anchor: 'middle', color: ink.faint })).join('');
  const biasLeft = label + half + 14;
  const rows = spacings.map((spacing, row) => {
    const y = head + row * pitch;
    return text(8, y + cellHeight / 2 + 4, `${spacing} mm`, { size: 14, weight: 'bold' }) + results.filter((result) => result.spacing === spacing).map((result) => {
      const column = iterations.indexOf(result.iterations);
      return cell(label + column * (cellWidth + gap), y, result.corrected[plane]) + cell(biasLeft + column * (cellWidth + gap), y, result.bias[plane]);
    }).join('');
  });
  const width = Math.max(biasLeft + half, biasLeft + 240);
  return draw(width, head + spacings.length * pitch, `Middle ${plane} slice after every setting`,
    text(8, 10 + cellHeight / 2, 'input', { size: 14, weight: 'bold' }) + cell(label, 8, input[plane]) + drawBiasBar(biasLeft + 10, 24, 200, factor)
    + columns(label, 'corrected') + columns(biasLeft, 'bias') + rows.join(''));
}

/** Variation of the bright tissue against iterations, and histograms. */
async function curves({ results, before, beforeHistogram, window }: TuneResults): Promise<string> {
  const spacings = [...new Set(results.map(({ spacing }) => spacing))];
  const iterations = [...new Set(results.map((result) => result.iterations))];
  const of = (spacing: number): readonly TuneResult[] => results.filter((result) => result.spacing === spacing);
  const values = [before.tissue, ...results.map((result) => result.evenness.tissue)].filter(Number.isFinite);
  const centres = Float64Array.from(beforeHistogram, (_, i) => window.low + ((i + 0.5) * (window.high - window.low)) / beforeHistogram.length);
  const last = (spacing: number): TuneResult => of(spacing)[of(spacing).length - 1];
  const most = Math.max(1, ...[beforeHistogram, ...spacings.map((spacing) => last(spacing).histogram)].map((counts) => counts.reduce((a, b) => Math.max(a, b), 0)));
  const lines = spacings.flatMap((spacing, i): Mark[] => {
    const marks = { x: of(spacing).map((result) => result.iterations), y: of(spacing).map((result) => result.evenness.tissue), color: seriesColor(i) };
    return [{ kind: 'line', ...marks }, { kind: 'points', ...marks, label: `${spacing} mm` }];
  });
  return draw(1120, 380, 'Variation of the bright tissue, and histograms',
    drawPlot({ x: 0, y: 0, width: 520, height: 370 }, {
      title: 'Bright tissue', x: { label: 'iterations on each level', domain: [0, Math.max(...iterations) * 1.8] }, y: { label: 'standard deviation over mean, %', domain: [0, Math.max(...values, 1e-6) * 1.12] },
      marks: [...lines, { kind: 'horizontal', y: before.tissue, color: ink.faint, dash: '6 4', label: 'uncorrected' }],
    })
    + drawPlot({ x: 530, y: 0, width: 590, height: 370 }, {
      title: `Intensities within the brain, ${Math.max(...iterations)} iterations`, x: { label: 'intensity', domain: [window.low, window.high] }, y: { label: 'voxels per bin', domain: [1, most * 2], scale: 'log' },
      marks: [
        { kind: 'line', x: centres, y: beforeHistogram, color: ink.faint, dash: '6 4', label: 'uncorrected' },
        ...spacings.map((spacing, i): Mark => ({ kind: 'line', x: centres, y: last(spacing).histogram, color: seriesColor(i), width: 1.5, label: `${spacing} mm` })),
      ],
    }));
}

async function draw(width: number, height: number, title: string, body: string): Promise<string> {
  return pngDataUri(await svgToPng(svgDocument({ width, height, title, body }), 1));
}
