import { anatomicalAxes } from '../../figures/slices.ts';
import { drawPlot } from '../../figures/plot.ts';
import { svgToPng } from '../../figures/render.ts';
import { ink, seriesColor, svgDocument, text } from '../../figures/svg.ts';
import { voxelSize } from '../../kernels/geometry.ts';
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

/** Draws how intensity and field fraction change with depth. */
export function zProfileTask(plan: ImagePlan, stain: string, method: string): Task {
  const level = plan.options.registrationLevel;
  const params: Params = { id: plan.paths.id, stain, method };
  return figureTask(plan, {
    stage: 'qc-zprofile', parts: [stain, method], title: `depth profile of ${stain} (${method})`, params,
    inputs: [plan.paths.spim(stain, level), plan.paths.fieldFraction(stain, level, method)],
    output: plan.paths.qc({ stain, method }, 'zprofile'), bytesPerVoxel: 16,
  });
}

/** Mean and SD (of the population) of every plane along the third axis. NaN voxels do not count. */
export function planeProfile(volume: Volume): { readonly mean: Float64Array; readonly sd: Float64Array } {
  const [nx, ny, nz] = volume.size;
  const mean = new Float64Array(nz);
  const sd = new Float64Array(nz);
  for (let z = 0; z < nz; z++) {
    let n = 0;
    let sum = 0;
    let squares = 0;
    // Deviations from the plane's first value: squares of large intensities would lose digits.
    const origin = Number.isFinite(volume.data[z * nx * ny]) ? volume.data[z * nx * ny] : 0;
    for (let i = z * nx * ny; i < (z + 1) * nx * ny; i++) {
      const value = volume.data[i] - origin;
      if (!Number.isFinite(value)) continue;
      n++;
      sum += value;
      squares += value * value;
    }
    mean[z] = n === 0 ? NaN : origin + sum / n;
    sd[z] = n === 0 ? NaN : Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  }
  return { mean, sd };
}

/** Values interpolated linearly to another number of samples, first and last kept. */
export function interpolateTo(values: Float64Array, length: number): Float64Array {
  if (values.length === length || values.length === 0) return values;
  return Float64Array.from({ length }, (_, i) => {
    const place = length === 1 ? 0 : (i * (values.length - 1)) / (length - 1);
    const left = Math.floor(place);
    return values[left] + (values[Math.min(values.length - 1, left + 1)] - values[left]) * (place - left);
  });
}

/** The figure as SVG. */
export function zProfileSvg(image: Volume, fraction: Volume, params: Params): string {
  const nz = image.size[2];
  const { mean, sd } = planeProfile(image);
  const share = interpolateTo(planeProfile(fraction).mean, nz);
  const z = Float64Array.from({ length: nz }, (_, i) => i);
  const low = mean.map((value, i) => value - sd[i]);
  const high = mean.map((value, i) => value + sd[i]);
  const finite = [...low, ...high].filter(Number.isFinite);
  const axes = anatomicalAxes(image.affine);
  const anatomical = axes.findIndex((axis) => axis.voxelAxis === 2);
  const names = [['left', 'right'], ['back', 'front'], ['bottom', 'top']][anatomical];
  const [from, to] = axes[anatomical].flip ? [names[1], names[0]] : names;
  const step = voxelSize(image.affine)[2];
  const [intensity, area] = [seriesColor(0), seriesColor(1)];
  const domain: readonly [number, number] = [0, Math.max(1, nz - 1)];
  return svgDocument({
    width: 1200, height: 760,
    title: `Depth profile of ${params.stain}, ${params.method}`,
    description: `Mean intensity with standard deviation, and mean field fraction, for each of ${nz} planes from ${from} to ${to}.`,
    body: text(84, 36, `${params.stain}: depth profile, ${params.method}`, { size: 20, weight: 'bold' })
      + text(84, 60, `${params.id}. ${nz} planes along z, ${Number(step.toPrecision(4))} mm apart, from ${from} to ${to}. An uneven curve tells of shading or lost planes.`, { color: ink.faint })
      + drawPlot({ x: 10, y: 76, width: 1180, height: 340 }, {
        title: 'Intensity',
        x: { label: 'plane (z)', domain }, y: { label: 'intensity', domain: finite.length === 0 ? [0, 1] : [Math.min(0, ...low.filter(Number.isFinite)), Math.max(...finite) * 1.05] },
        marks: [{ kind: 'band', x: z, low, high, color: intensity, label: '± 1 SD' }, { kind: 'line', x: z, y: mean, color: intensity, label: 'mean' }],
      })
      + drawPlot({ x: 10, y: 416, width: 1180, height: 330 }, {
        title: 'Field fraction',
        x: { label: 'plane (z)', domain }, y: { label: 'mean field fraction, %', domain: [0, Math.max(1e-6, ...share.filter(Number.isFinite)) * 1.1] }, legend: 'none',
        marks: [{ kind: 'band', x: z, low: share.map(() => 0), high: share, color: area }, { kind: 'line', x: z, y: share, color: area }],
      }),
  });
}

export const zProfileStage: Stage = {
  name: 'qc-zprofile',
  version: 1,
  async run(task, context) {
    const image = await readVolume(context, task.inputs[0]);
    const fraction = await readVolume(context, task.inputs[1]);
    await writeBytes(context, task.outputs[0], await svgToPng(zProfileSvg(image, fraction, paramsOf<Params>(task))));
  },
};
