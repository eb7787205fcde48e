import { setImmediate } from 'node:timers/promises';
import type { Raster } from '../../figures/png.ts';
import { planes, planeView } from '../../figures/slices.ts';
import type { Plane } from '../../figures/slices.ts';
import type { Volume } from '../../kernels/volume.ts';
import { voxelCount } from '../../kernels/volume.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readFloatVolume, readVolume, writeBytes } from '../io.ts';
import { programVersion } from '../plan/provenance.ts';
import { figureTask } from '../qc/figureTask.ts';
import { exportGrid } from '../segmentation/segmentation.ts';
import type { Stage, Task, TaskContext } from '../task.ts';
import { tuneInputs, tuneWork } from './n4Tune.ts';
import { settingLabel, type N4Setting } from './settings.ts';
import { brightestTissue, dividedBy, evenness, fieldNumbers, roundFactor, valuesWithin } from './tuneNumbers.ts';
import type { Evenness, FieldNumbers } from './tuneNumbers.ts';
import { tuneReportPage } from './tuneReportPage.ts';
import { biasPicture, countsOver, grayPicture, intensityWindow, middleOf } from './tuneParts.ts';

/** What the report says besides what it measures. */
export interface TuneReportParams {
  readonly id: string;
  readonly stain: string;
  /** The stain that the brain mask is from. */
  readonly maskStain: string;
  readonly level: number;
  readonly voxelMm: readonly number[];
  readonly settings: readonly N4Setting[];
  /** The settings are fewer because of `--sloppy`. */
  readonly sloppy: boolean;
  readonly version: string;
  /** Paths below the output: of the report, and of each setting's figure. */
  readonly report: string;
  readonly figures: readonly string[];
}

/** One setting as the report shows it. */
export interface TuneResult extends N4Setting {
  readonly evenness: Evenness;
  readonly field: FieldNumbers;
  /** Voxels of the brain per bin of {@link TuneResults.window}. */
  readonly histogram: Float64Array;
  readonly corrected: Readonly<Record<Plane, Raster>>;
  readonly bias: Readonly<Record<Plane, Raster>>;
}

/** Everything that the report shows. */
export interface TuneResults {
  readonly before: Evenness;
  readonly beforeHistogram: Float64Array;
  readonly input: Readonly<Record<Plane, Raster>>;
  /** Intensities that pictures and histograms range over. */
  readonly window: { readonly low: number; readonly high: number };
  /** Bias fields are coloured from 1/factor to factor. */
  readonly factor: number;
  readonly slices: Readonly<Record<Plane, number>>;
  /** Voxels of the brightest tissue, and of the brain. */
  readonly tissueVoxels: number;
  readonly brainVoxels: number;
  readonly results: readonly TuneResult[];
}

/** Sets all settings of a stain side by side. */
export function tuneReportTask(plan: ImagePlan, stain: string, settings: readonly N4Setting[]): Task {
  const level = plan.options.correctionLevel;
  const grid = exportGrid(plan.info, level);
  const params: TuneReportParams = {
    id: plan.paths.id, stain, maskStain: plan.stainForReg, level, voxelMm: grid.scale, settings, sloppy: plan.options.sloppy, version: programVersion,
    report: plan.paths.n4TuneReport(stain), figures: settings.map((setting) => plan.paths.n4TuneFigure(stain, settingLabel(setting))),
  };
  const task = figureTask(plan, {
    stage: 'tune-n4-report', parts: [stain], title: `N4 settings of ${stain} side by side`, params: JSON.parse(JSON.stringify(params)) as object,
    inputs: [], output: params.report,
  });
  const inputs = [...tuneInputs(plan, stain), ...settings.map((setting) => tuneWork(plan, stain, setting).bias)];
  // The figures are linked to: a report is not there before them.
  const figures = params.figures.map((path) => ({ place: 'output' as const, path }));
  return { ...task, inputs: [...inputs, ...figures], memoryBytes: task.memoryBytes + 50 * voxelCount(grid.size) };
}

const panel = 168;
const bins = 120;

function perPlane<T>(make: (plane: Plane) => T): Readonly<Record<Plane, T>> {
  return Object.fromEntries(planes.map((plane) => [plane, make(plane)])) as Record<Plane, T>;
}

/**
 * Measures every setting on the same voxels: the brain mask, and the brightest tissue of the image corrected by the
 * geometric mean of all fields, so that no setting chooses its own voxels.
 */
async function measure(task: Task, context: TaskContext, settings: readonly N4Setting[]): Promise<TuneResults> {
  const [imageFile, maskFile, ...others] = task.inputs;
  const image = await readFloatVolume(context, imageFile);
  const mask = await readVolume(context, maskFile);
  const read = async (i: number, pass: number): Promise<Volume<Float32Array>> => {
    await setImmediate();
    context.signal.throwIfAborted();
    context.progress({ done: pass * settings.length + i, total: 2 * settings.length, unit: 'items' });
    return readFloatVolume(context, others[i]);
  };
  const logMean = new Float32Array(image.data.length);
  const fields: FieldNumbers[] = [];
  for (let i = 0; i < settings.length; i++) {
    const bias = await read(i, 0);
    fields.push(fieldNumbers(bias, mask.data));
    for (let v = 0; v < logMean.length; v++) logMean[v] += Math.log(bias.data[v]) / settings.length;
  }
  const tissue = brightestTissue(dividedBy(image.data, logMean.map((value) => Math.exp(value))), mask.data);
  const factor = Math.max(...fields.map(({ low, high }) => roundFactor(low, high)));
  const window = intensityWindow(image.data, mask.data);
  const middle = middleOf(mask);
  const views = perPlane((plane) => planeView(image.affine, plane));
  const slices = perPlane((plane) => middle[views[plane].through]);
  const results: TuneResult[] = [];
  for (const [i, setting] of settings.entries()) {
    const bias = await read(i, 1);
    const corrected = { ...image, data: dividedBy(image.data, bias.data) };
    results.push({
      ...setting, evenness: evenness(corrected.data, mask.data, tissue), field: fields[i],
      histogram: countsOver(valuesWithin(corrected.data, mask.data), window, bins),
      corrected: perPlane((plane) => grayPicture(corrected, views[plane], slices[plane], panel, window)),
      bias: perPlane((plane) => biasPicture(bias, mask, views[plane], slices[plane], panel, factor)),
    });
  }
  const inside = valuesWithin(image.data, mask.data);
  return {
    before: evenness(image.data, mask.data, tissue), beforeHistogram: countsOver(inside, window, bins),
    input: perPlane((plane) => grayPicture(image, views[plane], slices[plane], panel, window)),
    window, factor, slices, tissueVoxels: tissue.reduce((a, b) => a + b, 0), brainVoxels: inside.length, results,
  };
}

export const tuneReportStage: Stage = {
  name: 'tune-n4-report',
  version: 1,
  async run(task, context) {
    const params = paramsOf<TuneReportParams>(task);
    const results = await measure(task, context, params.settings);
    await writeBytes(context, task.outputs[0], await tuneReportPage(results, params));
  },
};
