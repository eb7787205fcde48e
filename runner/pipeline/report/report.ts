import { htmlCards, htmlFigure, htmlFiles, htmlNotices, htmlPage, htmlTable, relativeLink } from '../../figures/html.ts';
import { escapeHtml } from '../../wording/escape.ts';
import type { HtmlSection } from '../../figures/html.ts';
import { pngDataUri } from '../../figures/png.ts';
import { formatNumber } from '../../figures/scale.ts';
import { determinant } from '../../kernels/geometry.ts';
import type { Provenance } from '../../protocol/options.ts';
import type { ImagePlan } from '../plan/imagePlan.ts';
import { paramsOf, readBytes, readJson, readVolume, writeBytes } from '../io.ts';
import { registrationMetricsPath } from '../qc/registration.ts';
import type { RegistrationMetrics } from '../qc/registrationMetrics.ts';
import { figureSections, reportFigures } from './reportFigures.ts';
import type { ReportFigure } from './reportFigures.ts';
import { provenanceSection } from './reportParts.ts';
import { summarizeRegions, regionTable } from './reportTables.ts';
import type { RegionSummary } from './reportTables.ts';
import { segmentationWork } from '../segmentation/segmentation.ts';
import type { ThresholdResult } from '../segmentation/segmentation.ts';
import { readTsvTable } from '../tableFiles.ts';
import { taskParams } from '../task.ts';
import type { Artifact, Stage, Task, TaskContext } from '../task.ts';

/** A table of an atlas and a method. */
interface TableParams {
  readonly seg: string;
  readonly method: string;
  readonly file: string;
}

/** A threshold that was found. */
interface ThresholdParams {
  readonly stain: string;
  readonly method: string;
  readonly file: Artifact;
}

interface Params {
  readonly id: string;
  readonly image: { readonly path: string; readonly size: readonly number[]; readonly voxelMm: readonly number[]; readonly orientation: string; readonly ngff: string; readonly channels: readonly string[] };
  readonly stainForReg: string;
  readonly template: string;
  readonly stainsForSeg: readonly string[];
  readonly levels: { readonly registration: number; readonly segmentation: number; readonly correction: number };
  readonly metrics: string;
  readonly registrationReport: string;
  readonly brainMask: string;
  readonly tables: readonly TableParams[];
  readonly thresholds: readonly ThresholdParams[];
  readonly figures: readonly ReportFigure[];
  readonly files: readonly string[];
  readonly provenance: Provenance;
}

/**
 * One self-contained page about an image.
 *
 * @param inputs all other tasks of the image: figures are shown and files listed where a task makes them
 */
export function reportTask(plan: ImagePlan, inputs: readonly Task[]): Task {
  const { paths, template, options, info } = plan;
  const made = new Set(inputs.flatMap((task) => task.outputs).map(({ place, path }) => `${place}:${path}`));
  const has = (path: string, place = 'output'): boolean => made.has(`${place}:${path}`);
  const methods = plan.stainsForSeg.length === 0 ? [] : options.segMethod.map(({ name }) => name);
  const tables = methods.flatMap((method) => template.segs.map((seg): TableParams => ({ seg, method, file: paths.mergedSegStats(seg, method) }))).filter(({ file }) => has(file));
  const thresholds = methods.flatMap((method) => plan.stainsForSeg.map((stain): ThresholdParams => ({ stain, method, file: segmentationWork.threshold(plan, stain, method) })))
    .filter(({ file }) => has(file.path, file.place));
  const figures = reportFigures(plan, methods).filter(({ file }) => has(file));
  const level = info.levels[0];
  const params: Params = {
    id: paths.id,
    image: { path: plan.image.path, size: level.size, voxelMm: level.scale, orientation: plan.orientation, ngff: info.ngffVersion, channels: plan.stains },
    stainForReg: plan.stainForReg, template: template.name, stainsForSeg: plan.stainsForSeg,
    levels: { registration: options.registrationLevel, segmentation: options.segmentationLevel, correction: options.correctionLevel },
    metrics: registrationMetricsPath(plan), registrationReport: paths.registrationReport(plan.stainForReg),
    brainMask: paths.brainMask(plan.stainForReg, options.registrationLevel),
    tables, thresholds, figures,
    files: [...new Set(inputs.flatMap((task) => task.outputs).filter(({ place }) => place === 'output').map(({ path }) => path))].sort(),
    provenance: plan.provenance,
  };
  const output = (path: string): Artifact => ({ place: 'output', path });
  return {
    id: `${paths.id}/report`,
    stage: 'report',
    scope: plan.participant,
    title: 'report',
    params: taskParams(params),
    inputs: [
      output(params.metrics), output(params.brainMask), ...tables.map(({ file }) => output(file)), ...thresholds.map(({ file }) => file),
      ...figures.filter((figure) => figure.shown).map(({ file }) => output(file)),
    ],
    outputs: [output(paths.report())],
    memoryBytes: 500e6,
    readBytes: 0,
  };
}

/** What the report tells, gathered from the files. */
interface Findings {
  readonly metrics: RegistrationMetrics;
  readonly brainMm3: number;
  readonly summaries: readonly (RegionSummary & { readonly stain: string; readonly method: string })[];
  readonly thresholds: readonly { readonly stain: string; readonly method: string; readonly threshold: number }[];
}

function overview(params: Params, found: Findings): string {
  const { metrics } = found;
  const cards = [
    ...found.summaries.map(({ stain, method, objects }) => ({ label: `${stain} objects`, value: formatNumber(objects, 12), note: method })),
    { label: 'Brain volume', value: `${formatNumber(found.brainMm3, 4)} mm³`, note: `mask of ${params.stainForReg}` },
    { label: 'Dice of the brain masks', value: formatNumber(metrics.deformable.maskDice ?? NaN, 3), note: `after registration to ${params.template}` },
    { label: 'Warp, mean', value: `${formatNumber(metrics.warpMillimetres.mean, 3)} mm`, note: `largest ${formatNumber(metrics.warpMillimetres.max, 3)} mm` },
  ];
  const rows = found.summaries.map((summary) => [
    summary.stain, summary.method,
    found.thresholds.find(({ stain, method }) => stain === summary.stain && method === summary.method)?.threshold ?? NaN,
    summary.objects, summary.outside, summary.density, summary.fieldFraction, summary.regionsWithObjects,
  ]);
  const table = rows.length === 0 ? '<p>Nothing was segmented.</p>' : htmlTable('What was found', [
    { label: 'Stain' }, { label: 'Method' }, { label: 'Threshold', numeric: true, digits: 5 }, { label: 'Objects', numeric: true, digits: 12 }, { label: 'of them outside the atlas', numeric: true, digits: 12 },
    { label: 'Objects per mm³ in the atlas', numeric: true }, { label: 'Field fraction in the atlas, %', numeric: true }, { label: 'Regions with objects', numeric: true },
  ], rows);
  return htmlCards(cards) + htmlNotices(warnings(params, found)) + table;
}

/** What a reader should look into before using the numbers. */
function warnings(params: Params, found: Findings): readonly string[] {
  const { metrics, summaries } = found;
  const dice = metrics.deformable.maskDice;
  return [
    ...(dice !== null && dice < 0.9 ? [`The brain masks of subject and template agree poorly after registration (Dice ${formatNumber(dice, 3)}). Look at the registration report; a wrong orientation or brain mask is the usual cause.`] : []),
    ...(metrics.jacobian.folded > 0 ? [`The transform folds in ${formatNumber(metrics.jacobian.folded, 12)} voxels.`] : []),
    ...summaries.flatMap(({ stain, method, objects, outside, fieldFraction }) => [
      ...(objects === 0 ? [`No object of ${stain} was found by ${method}: the threshold may be too high, or all objects are smaller than the smallest that is kept.`] : []),
      ...(objects > 0 && outside / objects > 0.2 ? [`${formatNumber((100 * outside) / objects, 2)} % of the ${stain} objects (${method}) lie outside the atlas.`] : []),
      ...(fieldFraction > 50 ? [`${stain} (${method}) covers ${formatNumber(fieldFraction, 3)} % of the atlas: the threshold is probably too low.`] : []),
    ]),
    ...(params.stainsForSeg.length === 0 ? ['Only the registration was run.'] : []),
  ];
}

function imageSection(params: Params): string {
  const { image, levels } = params;
  return htmlTable('The image', [{ label: 'What' }, { label: 'Value' }], [
    ['Image', image.path], ['Size of level 0, x × y × z', image.size.join(' × ')],
    ['Voxels of level 0', image.voxelMm.map((mm) => `${formatNumber(mm * 1000, 4)} µm`).join(' × ')], ['Orientation (x, y, z)', image.orientation], ['OME-Zarr version', image.ngff],
    ['Channels', image.channels.join(', ')], ['Registered by', `${params.stainForReg} to ${params.template}, at level ${levels.registration}`],
    ...(params.stainsForSeg.length === 0 ? [] : [['Segmented', `${params.stainsForSeg.join(', ')}, at level ${levels.segmentation}; bias field at level ${levels.correction}`]]),
  ], false);
}

function registrationSection(params: Params, metrics: RegistrationMetrics, from: string): string {
  const row = (name: string, m: RegistrationMetrics['affine']): (string | number)[] => [name, m.correlation ?? NaN, m.normalizedMutualInformation ?? NaN, m.maskDice ?? NaN];
  return htmlTable('Agreement with the template inside its brain mask', [{ label: 'Stage' }, { label: 'Correlation', numeric: true }, { label: 'Normalised mutual information (1 to 2)', numeric: true }, { label: 'Dice of the brain masks', numeric: true }],
    [row('affine part', metrics.affine), row('whole transform', metrics.deformable)], false)
    + `<p>The volume of a voxel changes by a factor of ${formatNumber(metrics.jacobian.min, 3)} to ${formatNumber(metrics.jacobian.max, 3)}. <a href="${escapeHtml(relativeLink(from, params.registrationReport))}">Open the registration report</a> for overlays, contours and the map of the warp.</p>`;
}

async function gather(params: Params, context: TaskContext): Promise<{ readonly found: Findings; readonly tableSections: readonly HtmlSection[] }> {
  const output = (path: string): Artifact => ({ place: 'output', path });
  const metrics = await readJson<RegistrationMetrics>(context, output(params.metrics));
  const mask = await readVolume(context, output(params.brainMask));
  let voxels = 0;
  for (const value of mask.data) if (value !== 0) voxels++;
  const summaries: (RegionSummary & { stain: string; method: string })[] = [];
  const tableSections: HtmlSection[] = [];
  for (const { seg, method, file } of params.tables) {
    const table = await readTsvTable(context, output(file));
    if (!summaries.some((summary) => summary.method === method)) {
      for (const stain of params.stainsForSeg) summaries.push({ stain, method, ...summarizeRegions(table, stain) });
    }
    tableSections.push({ id: `regions-${seg}-${method}`.replace(/[^A-Za-z0-9-]/g, '-'), heading: `Regions: ${seg}, ${method}`, body: regionTable(table, params.stainsForSeg) });
  }
  const thresholds = [];
  for (const { stain, method, file } of params.thresholds) thresholds.push({ stain, method, threshold: (await readJson<ThresholdResult>(context, file)).threshold });
  return { found: { metrics, brainMm3: voxels * Math.abs(determinant(mask.affine)), summaries, thresholds }, tableSections };
}

export const reportStage: Stage = {
  name: 'report',
  version: 1,
  async run(task, context) {
    const params = paramsOf<Params>(task);
    const from = task.outputs[0].path;
    const { found, tableSections } = await gather(params, context);
    const sources = new Map<string, string>();
    for (const { file, shown } of params.figures) {
      context.signal.throwIfAborted();
      if (shown) sources.set(file, pngDataUri(await readBytes(context, { place: 'output', path: file })));
    }
    const page = htmlPage({
      title: params.id,
      subtitle: `SPIMquant participant report: ${params.stainsForSeg.length === 0 ? 'registration' : params.stainsForSeg.join(', ')}, template ${params.template}`,
      sections: [
        { id: 'overview', heading: 'Overview', body: overview(params, found) },
        ...tableSections,
        ...figureSections(params.figures, (figure) => {
          const source = sources.get(figure.file);
          const link = relativeLink(from, figure.file);
          return source === undefined ? `<p><a href="${escapeHtml(link)}">${escapeHtml(figure.caption)}</a></p>` : htmlFigure(source, figure.caption, figure.caption, link);
        }),
        { id: 'registration', heading: 'Registration', body: registrationSection(params, found.metrics, from) },
        { id: 'image', heading: 'Image', body: imageSection(params) },
        { id: 'files', heading: 'Files', body: `<details><summary>${params.files.length} files</summary>${htmlFiles(params.files.map((path) => ({ path, link: relativeLink(from, path), what: whatIs(path) })))}</details>` },
        { id: 'method', heading: 'How it was made', body: provenanceSection(params.provenance) },
      ],
      footer: `<p>SPIMquant ${escapeHtml(params.provenance.Version)}, ${escapeHtml(params.provenance.Engine)} engine.</p>`,
    });
    await writeBytes(context, task.outputs[0], page);
  },
};

/** What a file is, by the end of its name. */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/_mergedsegstats\.tsv$/, 'Region table of all stains'], [/_regionpropstats\.tsv$/, 'Objects of a stain with their regions'], [/_regionprops\.parquet$/, 'Objects of all stains'],
  [/_coloc\.parquet$/, 'Pairs of objects that overlap'], [/\.json$/, 'What a table\'s columns mean, and how it was made'], [/desc-brain_mask\.nii\.gz$/, 'Brain mask'],
  [/_mask\.(ozx|ome\.zarr)$/, 'Segmentation, full detail'], [/_biasfield\.nii\.gz$/, 'Bias field'], [/space-[^_]+.*_SPIM\.nii\.gz$/, 'Image in template space'], [/_SPIM\.nii\.gz$/, 'Image'],
  [/from-subject_.*_xfm\.nii\.gz$/, 'Displacements: subject images into the template'], [/_xfm\.nii\.gz$/, 'Displacements: template images into the subject'], [/_dseg\.nii\.gz$/, 'Atlas regions in the subject'],
  [/_fieldfrac\.nii\.gz$/, 'Field fraction, %'], [/_counts\.nii\.gz$/, 'Objects per voxel'], [/_coloccounts\.nii\.gz$/, 'Overlapping pairs per voxel'], [/\/featuremap\//, 'Region values as an image'], [/\.(png|html)$/, 'Figure'],
];

function whatIs(path: string): string {
  return kinds.find(([pattern]) => pattern.test(path))?.[1] ?? '';
}
