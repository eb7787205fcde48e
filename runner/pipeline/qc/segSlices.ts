import { drawPanel, fractionColors, overlayFraction, paint, percentileWindow } from '../../figures/panels.ts';
import { svgToPng } from '../../figures/render.ts';
import { formatNumber } from '../../figures/scale.ts';
import { cutSlice, evenIndices, fitSlice, maximumProjection, planes, planeView } from '../../figures/slices.ts';
import type { Slice } from '../../figures/slices.ts';
import { ink, svgDocument, text } from '../../figures/svg.ts';
import { drawColorBar } from '../../figures/heatmap.ts';
import type { Volume } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readVolume, writeBytes } from '../io.ts';
import type { Stage, Task } from '../task.ts';
import { figureTask } from './figureTask.ts';

interface Params {
  readonly id: string;
  readonly stain: string;
  readonly method: string;
}

/** Draws slices of a stain with its segmentation over them. */
export function segSlicesTask(plan: ImagePlan, stain: string, method: string): Task {
  const level = plan.options.registrationLevel;
  const params: Params = { id: plan.paths.id, stain, method };
  return figureTask(plan, {
    stage: 'qc-segslices', parts: [stain, method], title: `slices of ${stain} (${method})`, params,
    inputs: [plan.paths.spim(stain, level), plan.paths.fieldFraction(stain, level, method)],
    output: plan.paths.qc({ stain, method }, 'segslices'), bytesPerVoxel: 16,
  });
}

const panel = 260;
const gap = 8;
const slicesPerRow = 5;

/**
 * Three rows (axial, coronal, sagittal) of five slices over the middle 60 % and a maximum projection; the image in gray
 * (p1 to p99), the field fraction in "hot" where it is 1 % or more. Both volumes on the same grid.
 */
export function segSlicesSvg(image: Volume, fraction: Volume, params: Params): string {
  const window = percentileWindow(image.data);
  const left = 20;
  const top = 84;
  const parts: string[] = [];
  planes.forEach((plane, row) => {
    const view = planeView(image.affine, plane);
    const y = top + row * (panel + 22 + gap + 8);
    const indices = evenIndices(image.size[view.through], slicesPerRow);
    const along = view.flipThrough ? [...indices].reverse() : indices;
    const draw = (column: number, gray: Slice, mask: Slice, caption: string): void => {
      const fitted = fitSlice(gray, panel, panel, 'linear');
      const picture = paint(fitted, window);
      overlayFraction(picture, fitSlice(mask, panel, panel, 'linear'));
      parts.push(drawPanel({ x: left + column * (panel + gap), y, width: panel, height: panel + 22 }, picture, {
        caption, letters: column === 0 ? view.letters : undefined, scaleBarMm: column === slicesPerRow ? fitted.pixel[0] : undefined,
      }));
    };
    along.forEach((index, column) => draw(column, cutSlice(image, view, index), cutSlice(fraction, view, index), `${plane}, slice ${index} of ${image.size[view.through]}`));
    draw(slicesPerRow, maximumProjection(image, view), maximumProjection(fraction, view), `${plane}, maximum`);
  });
  const width = left * 2 + 6 * panel + 5 * gap;
  const height = top + 3 * (panel + 30 + gap) + 8;
  const mean = meanOf(fraction.data);
  return svgDocument({
    width, height,
    title: `Segmentation of ${params.stain} by ${params.method}`,
    description: `Slices in three planes with the field fraction laid over them; on average ${formatNumber(mean, 3)} % of a voxel is segmented.`,
    body: text(left, 36, `${params.stain}: segmentation by ${params.method}`, { size: 20, weight: 'bold' })
      + text(left, 60, `${params.id}. Gray: ${formatNumber(window.low)} to ${formatNumber(window.high)} (p1 to p99). Mean field fraction ${formatNumber(mean, 3)} %.`, { color: ink.faint })
      + drawColorBar({ x: width - 240, y: 22, width: 220, height: 10 }, 'hot', [0, 100], 'field fraction, % (shown from 1 %)', fractionColors)
      + parts.join(''),
  });
}

function meanOf(data: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i];
  return data.length === 0 ? NaN : sum / data.length;
}

export const segSlicesStage: Stage = {
  name: 'qc-segslices',
  version: 1,
  async run(task, context) {
    const image = await readVolume(context, task.inputs[0]);
    const fraction = await readVolume(context, task.inputs[1]);
    context.signal.throwIfAborted();
    await writeBytes(context, task.outputs[0], await svgToPng(segSlicesSvg(image, fraction, paramsOf<Params>(task)), 1));
  },
};
