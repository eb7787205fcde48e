import { drawPanel } from '../../figures/panels.ts';
import type { Window } from '../../figures/panels.ts';
import { drawPlot } from '../../figures/plot.ts';
import { svgToPng } from '../../figures/render.ts';
import { formatNumber } from '../../figures/scale.ts';
import { planes, planeView } from '../../figures/slices.ts';
import { ink, seriesColor, svgDocument, text } from '../../figures/svg.ts';
import { voxelSize } from '../../kernels/geometry.ts';
import { voxelCount, type Volume } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readFloatVolume, readVolume, writeBytes } from '../io.ts';
import { figureTask } from '../qc/figureTask.ts';
import { exportGrid } from '../segmentation/segmentation.ts';
import type { Stage, Task } from '../task.ts';
import { tuneInputs, tuneWork } from './n4Tune.ts';
import { settingFlags, settingLabel, settingName, type N4Setting } from './settings.ts';
import { fieldNumbers, logEntropy, profileAlong, roundFactor, valuesWithin, variation } from './tuneNumbers.ts';
import { biasPicture, countsOver, drawBiasBar, grayPicture, intensityWindow, middleOf } from './tuneParts.ts';

interface Params extends N4Setting {
  readonly id: string;
  readonly stain: string;
  readonly level: number;
}

/** Draws a stain before and after it is corrected with one setting, and the bias between. */
export function tuneFigureTask(plan: ImagePlan, stain: string, setting: N4Setting): Task {
  const level = plan.options.correctionLevel;
  const params: Params = { ...setting, id: plan.paths.id, stain, level };
  const task = figureTask(plan, {
    stage: 'tune-n4-figure', parts: [stain, settingLabel(setting)], title: `figure of ${stain}, ${settingName(setting)}`, params,
    inputs: [], output: plan.paths.n4TuneFigure(stain, settingLabel(setting)),
  });
  const { corrected, bias } = tuneWork(plan, stain, setting);
  return { ...task, inputs: [...tuneInputs(plan, stain), corrected, bias], memoryBytes: task.memoryBytes + 40 * voxelCount(exportGrid(plan.info, level).size) };
}

/** The volumes that the figure shows, all on one grid. */
export interface TuneImages {
  readonly image: Volume<Float32Array>;
  readonly mask: Volume;
  readonly corrected: Volume<Float32Array>;
  readonly bias: Volume<Float32Array>;
}

const panel = 250;
const gap = 8;
const left = 20;
const top = 96;
const bins = 160;
/** Names of the ends of the axes that profiles run along. */
const sides: Readonly<Record<string, string>> = { L: 'left', R: 'right', P: 'back', A: 'front', I: 'bottom', S: 'top' };

/**
 * Three rows (axial, coronal, sagittal): input, bias, corrected, and the brain's mean intensity along an axis before and
 * after; below them the histograms of the brain and the setting in numbers.
 */
export function tuneFigureSvg({ image, mask, corrected, bias }: TuneImages, params: Params): string {
  const window = intensityWindow(image.data, mask.data);
  const field = fieldNumbers(bias, mask.data);
  const factor = roundFactor(field.low, field.high);
  const middle = middleOf(mask);
  const width = left * 2 + 3 * (panel + gap) + 470;
  const pitch = panel + 22 + 14;
  const parts = planes.map((plane, row) => {
    const view = planeView(image.affine, plane);
    const index = middle[view.through];
    const y = top + row * pitch;
    const pictures = [
      [`input, ${plane} slice ${index}`, grayPicture(image, view, index, panel, window)],
      ['bias', biasPicture(bias, mask, view, index, panel, factor)],
      ['corrected', grayPicture(corrected, view, index, panel, window)],
    ] as const;
    // One profile for each of the subject's axes: the coronal row shows the one that runs up.
    const [axis, flip, from, to] = plane === 'coronal' ? [view.up, view.flipUp, view.letters.bottom, view.letters.top] : [view.across, view.flipAcross, view.letters.left, view.letters.right];
    return pictures.map(([caption, picture], column) => drawPanel({ x: left + column * (panel + gap), y, width: panel, height: panel + 22 }, picture, { caption, letters: column === 0 ? view.letters : undefined })).join('')
      + drawProfile(left + 3 * (panel + gap), y + 6, [image, corrected], mask, axis, flip, `from ${sides[from]} to ${sides[to]}, mm`);
  });
  const below = top + 3 * pitch + 8;
  const before = valuesWithin(image.data, mask.data);
  const after = valuesWithin(corrected.data, mask.data);
  const rows: readonly (readonly [string, string])[] = [
    ['variation within the brain, before', `${formatNumber(variation(before), 3)} %`],
    ['variation within the brain, after', `${formatNumber(variation(after), 3)} %`],
    ['entropy of log intensities, before', `${formatNumber(logEntropy(before), 4)} bit`],
    ['entropy of log intensities, after', `${formatNumber(logEntropy(after), 4)} bit`],
    ['bias, p1 to p99', `${formatNumber(field.low, 3)} to ${formatNumber(field.high, 3)}`],
    ['steepest bias (p99)', `${formatNumber(field.steepest, 3)} % per mm`],
  ];
  return svgDocument({
    width, height: below + 290,
    title: `N4 of ${params.stain} with ${params.spacing} mm and ${params.iterations} iterations`,
    description: rows.map(([name, value]) => `${name}: ${value}`).join('; '),
    body: text(left, 36, `${params.stain}: N4, spline ${params.spacing} mm, ${params.iterations} iterations on each of four levels`, { size: 20, weight: 'bold' })
      + text(left, 60, `${params.id}, level ${params.level}. Gray: ${formatNumber(window.low)} to ${formatNumber(window.high)}, before and after alike (p1 to p98 of the brain before).`, { color: ink.faint })
      + text(left, 80, settingFlags(params).join(' '), { color: ink.faint })
      + drawBiasBar(width - 250, 26, 200, factor)
      + parts.join('')
      + drawHistograms(left - 10, below, before, after, window)
      + rows.map(([name, value], i) => text(850, below + 52 + i * 34, name, { size: 14, color: ink.faint }) + text(width - 30, below + 52 + i * 34, value, { size: 14, weight: 'bold', anchor: 'end' })).join(''),
  });
}

const [beforeColor, afterColor] = [ink.faint, seriesColor(1)];

function drawProfile(x: number, y: number, volumes: readonly Volume[], mask: Volume, axis: number, flip: boolean, label: string): string {
  const mm = voxelSize(mask.affine)[axis];
  const places = Float64Array.from({ length: mask.size[axis] }, (_, i) => (i + 0.5) * mm);
  const [before, after] = volumes.map((volume) => profileAlong(volume, mask.data, axis, flip));
  const highest = [...before, ...after].filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 0);
  return drawPlot({ x, y, width: 470, height: panel + 22 }, {
    x: { label, domain: [0, mask.size[axis] * mm] }, y: { label: 'mean intensity of the brain', domain: [0, highest * 1.45 || 1] },
    marks: [
      { kind: 'line', x: places, y: before, color: beforeColor, dash: '6 4', label: 'input' },
      { kind: 'line', x: places, y: after, color: afterColor, label: 'corrected' },
    ],
  });
}

function drawHistograms(x: number, y: number, before: Float32Array, after: Float32Array, window: Window): string {
  const centres = Float64Array.from({ length: bins }, (_, i) => window.low + ((i + 0.5) * (window.high - window.low)) / bins);
  const counts = [before, after].map((values) => countsOver(values, window, bins));
  const most = Math.max(1, ...counts.map((bar) => bar.reduce((a, b) => Math.max(a, b), 0)));
  return drawPlot({ x, y, width: 820, height: 280 }, {
    title: 'Intensities within the brain', x: { label: 'intensity', domain: [window.low, window.high] }, y: { label: 'voxels per bin', domain: [0, most * 1.05] },
    marks: [
      { kind: 'line', x: centres, y: counts[0], color: beforeColor, dash: '6 4', label: 'input' },
      { kind: 'line', x: centres, y: counts[1], color: afterColor, label: 'corrected' },
    ],
  });
}

export const tuneFigureStage: Stage = {
  name: 'tune-n4-figure',
  version: 1,
  async run(task, context) {
    const [imageFile, maskFile, correctedFile, biasFile] = task.inputs;
    const images: TuneImages = {
      image: await readFloatVolume(context, imageFile), mask: await readVolume(context, maskFile),
      corrected: await readFloatVolume(context, correctedFile), bias: await readFloatVolume(context, biasFile),
    };
    context.signal.throwIfAborted();
    await writeBytes(context, task.outputs[0], await svgToPng(tuneFigureSvg(images, paramsOf<Params>(task)), 1));
  },
};
