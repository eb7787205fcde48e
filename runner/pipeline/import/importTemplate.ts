import { gzipSync } from 'node:zlib';
import { readNifti, readNiftiGrid, writeNifti } from '../../image/nifti.ts';
import type { Volume } from '../../kernels/volume.ts';
import { phantomTemplate } from '../../phantom/template.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { JsonObject } from '../../protocol/json.ts';
import type { ParticipantOptions } from '../../protocol/options.ts';
import { ensureDownloaded } from '../../templates/download.ts';
import { labelTsv, readLabelTable, unnamedRegions, writeItksnap, writeRegions } from '../../templates/labels.ts';
import type { Region, ResolvedTemplate, TemplateFile } from '../../templates/template.types.ts';
import { paramsOf, readBytes, writeBytes } from '../io.ts';
import { templatePaths } from '../paths.ts';
import type { Artifact, Stage, Task, TaskContext } from '../task.ts';

/** What to import of a template. */
export interface ImportTemplateRequest {
  readonly template: ResolvedTemplate;
  /** Atlases to use. */
  readonly segs: readonly string[];
  readonly options: Pick<ParticipantOptions, 'templateCrop'>;
  /**
   * Paths of the images that subjects are registered to (TemplatePlan.fixed). Templates made of a stain are imported only when
   * they are among them; left out: all are.
   */
  readonly fixed?: readonly string[];
}

type Crop = 'left' | 'right';

/** One file (or atlas) of a template. */
type Item =
  | { readonly what: 'image'; readonly file: TemplateFile }
  | { readonly what: 'mask-of'; readonly file: TemplateFile }
  | { readonly what: 'atlas'; readonly dseg: TemplateFile; readonly table?: TemplateFile }
  | { readonly what: 'generated'; readonly stains: readonly string[]; readonly segs: readonly string[] };

interface ImportTemplateParams {
  readonly template: string;
  readonly item: Item;
  readonly crop?: Crop;
}

/** Peak memory: the largest published template (25 µm, 4 bytes a voxel) packed and unpacked, with a copy. */
const imageMemory = 1100 * 2 ** 20;
/** Without cropping or a mask to make, images are copied without being unpacked. */
const copyMemory = 256 * 2 ** 20;

/**
 * Tasks that bring a template's files into the output under upstream's names: anatomy, brain mask, stain templates,
 * label images with tables and ITK-SNAP colours; one half only with `--template_crop`. What is not in the cache yet is
 * downloaded by the task that needs it.
 */
export function importTemplateTasks(request: ImportTemplateRequest): readonly Task[] {
  const { template, segs, options: { templateCrop: crop }, fixed } = request;
  const paths = templatePaths(template.name, crop);
  const stains = template.spim.filter(({ stain }) => fixed === undefined || fixed.includes(paths.spim(stain)));
  const make = (id: string, title: string, item: Item, outputs: readonly string[]): Task =>
    importTask({ template: template.name, item, ...(crop === undefined ? {} : { crop }) }, id, title, outputs);
  if (template.origin === 'generated') {
    const item: Item = { what: 'generated', stains: stains.map(({ stain }) => stain), segs };
    const outputs = [paths.anat(), paths.mask(), ...stains.map(({ stain }) => paths.spim(stain)), ...segs.flatMap((seg) => [paths.dseg(seg), paths.table(seg), paths.itksnap(seg)])];
    return [make('generate', `make the template ${template.name}`, item, outputs)];
  }
  const { anat } = template;
  if (anat === undefined) throw new RangeError(`The template ${template.name} has no anatomy.`);
  return [
    make('anat', `import the template ${template.name}`, { what: 'image', file: anat }, [paths.anat()]),
    make('mask', 'import the template\'s brain mask', template.mask === undefined ? { what: 'mask-of', file: anat } : { what: 'image', file: template.mask }, [paths.mask()]),
    ...stains.flatMap(({ stain, file }) => (file === undefined ? [] : [make(stain, `import the ${stain} template`, { what: 'image', file }, [paths.spim(stain)])])),
    ...segs.map((seg) => {
      const atlas = template.atlases.find((candidate) => candidate.seg === seg);
      if (atlas === undefined || !('dseg' in atlas)) throw new RangeError(`The template ${template.name} has no atlas ${seg}.`);
      const item: Item = { what: 'atlas', dseg: atlas.dseg, ...(atlas.table === undefined ? {} : { table: atlas.table }) };
      return make(`seg-${seg}`, `import the atlas ${seg}`, item, [paths.dseg(seg), paths.table(seg), paths.itksnap(seg)]);
    }),
  ];
}

function importTask(params: ImportTemplateParams, id: string, title: string, outputs: readonly string[]): Task {
  const files = filesOf(params.item);
  const unpacks = params.crop !== undefined || params.item.what === 'mask-of' || (params.item.what === 'atlas' && params.item.table === undefined);
  return {
    id: `template/${params.template}/${id}`,
    stage: importTemplateStage.name,
    scope: 'template',
    title,
    params: JSON.parse(JSON.stringify(params)) as JsonObject,
    // Files that may have to be downloaded first are no inputs: they are checked by their remembered checksum.
    inputs: files.filter((file) => file.sources.length === 0).map((file) => ({ place: 'templates', path: file.key })),
    outputs: outputs.map((path) => ({ place: 'output', path })),
    memoryBytes: unpacks ? imageMemory : copyMemory,
    readBytes: 0,
  };
}

function filesOf(item: Item): readonly TemplateFile[] {
  switch (item.what) {
    case 'image': return [item.file];
    case 'mask-of': return [item.file];
    case 'atlas': return item.table === undefined ? [item.dseg] : [item.dseg, item.table];
    case 'generated': return [];
  }
}

export const importTemplateStage: Stage = {
  name: 'import-template',
  version: 1,
  async run(task, context) {
    const { item, crop } = paramsOf<ImportTemplateParams>(task);
    for (const file of filesOf(item)) await fetchFile(file, context);
    switch (item.what) {
      case 'image': return importImage(item.file, crop, task.outputs[0], context);
      case 'mask-of': return makeMask(item.file, crop, task.outputs[0], context);
      case 'atlas': return importAtlas(item, crop, task.outputs, context);
      case 'generated': return generate(item, crop, task.outputs, context);
    }
  },
};

/** Downloads a file into the cache if it is not there. */
async function fetchFile(file: TemplateFile, context: TaskContext): Promise<void> {
  if (file.sources.length === 0) return;
  const path = context.localPath({ place: 'templates', path: file.key });
  if (path === undefined) throw new RangeError('Templates can only be downloaded into a local folder.');
  await ensureDownloaded(path, file.sources, {
    signal: context.signal,
    log: context.log,
    progress: (done, total) => { context.progress({ done, total: Math.max(done, total), unit: 'bytes' }); },
  });
}

const artifactOf = (file: TemplateFile): Artifact => ({ place: 'templates', path: file.key });

async function importImage(file: TemplateFile, crop: Crop | undefined, output: Artifact, context: TaskContext): Promise<void> {
  const bytes = await readBytes(context, artifactOf(file));
  const name = `${context.store('templates').uri}/${file.key}`;
  // Also a copy is looked at: a web page saved under the image's name should fail here and not three steps later.
  readNiftiGrid(bytes, name);
  if (crop !== undefined) return writeBytes(context, output, writeNifti(cropHalf(readNifti(bytes, name), crop)));
  await writeBytes(context, output, bytes[0] === 0x1f && bytes[1] === 0x8b ? bytes : gzipSync(bytes, { level: 1 }));
}

/** Where a template has no mask: everything above 0 of its anatomy. */
async function makeMask(anat: TemplateFile, crop: Crop | undefined, output: Artifact, context: TaskContext): Promise<void> {
  const name = `${context.store('templates').uri}/${anat.key}`;
  const image = readNifti(await readBytes(context, artifactOf(anat)), name);
  const mask: Volume<Uint8Array> = { ...image, data: Uint8Array.from(image.data, (value) => (value > 0 ? 1 : 0)) };
  if (!mask.data.includes(1)) throw new SpimquantError('bad-template', `${name} has no voxel above 0.`, { where: name });
  context.log('warn', 'The template has no brain mask: what is above 0 in its anatomical image is taken for brain.');
  await writeBytes(context, output, writeNifti(crop === undefined ? mask : cropHalf(mask, crop)));
}

async function importAtlas(item: Extract<Item, { what: 'atlas' }>, crop: Crop | undefined, outputs: readonly Artifact[], context: TaskContext): Promise<void> {
  await importImage(item.dseg, crop, outputs[0], context);
  if (item.table === undefined) {
    const labels = readNifti(await readBytes(context, artifactOf(item.dseg)), item.dseg.key);
    context.log('warn', `The atlas ${item.dseg.key} has no label table: its regions are named after their labels.`);
    return writeTables(unnamedRegions(new Set(labels.data)), undefined, outputs, context);
  }
  const name = `${context.store('templates').uri}/${item.table.key}`;
  const content = await readBytes(context, artifactOf(item.table));
  return writeTables(readLabelTable(labelTsv(content, name), name), labelTsv(content, name), outputs, context);
}

async function writeTables(regions: readonly Region[], table: string | undefined, outputs: readonly Artifact[], context: TaskContext): Promise<void> {
  await writeBytes(context, outputs[1], table ?? writeRegions(regions));
  await writeBytes(context, outputs[2], writeItksnap(regions));
}

async function generate(item: Extract<Item, { what: 'generated' }>, crop: Crop | undefined, outputs: readonly Artifact[], context: TaskContext): Promise<void> {
  const template = phantomTemplate();
  let next = 0;
  const image = async (volume: Volume | undefined): Promise<void> => {
    if (volume === undefined) throw new RangeError('The phantom has no such image.');
    await writeBytes(context, outputs[next++], writeNifti(crop === undefined ? volume : cropHalf(volume, crop)));
  };
  await image(template.anat);
  await image(template.mask);
  for (const stain of item.stains) await image(template.spim.find((entry) => entry.stain === stain)?.volume);
  for (const seg of item.segs) {
    const atlas = template.atlases.find((entry) => entry.seg === seg);
    await image(atlas?.dseg);
    await writeTables(atlas?.regions ?? [], undefined, [outputs[next - 1], outputs[next], outputs[next + 1]], context);
    next += 2;
  }
}

/** Sets one half to 0, split at floor(nx / 2) along the first axis; the size stays (pipeline-spec §3.1). */
export function cropHalf<V extends Volume>(volume: V, side: Crop): V {
  const [nx, ny, nz] = volume.size;
  const middle = Math.floor(nx / 2);
  const data = volume.data.slice() as V['data'];
  for (let row = 0; row < ny * nz; row++) {
    if (side === 'left') data.fill(0, row * nx + middle, (row + 1) * nx);
    else data.fill(0, row * nx, row * nx + middle);
  }
  return { ...volume, data };
}
