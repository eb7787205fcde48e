import { SpimquantError } from '../protocol/errors.ts';
import { didYouMean } from '../protocol/nearest.ts';
import { parseBidsName } from '../bids/names.ts';
import type { BidsName } from '../bids/bids.types.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { findTemplate, missingMaskNotice } from './registry.ts';
import type { ResolvedTemplate, TemplateAtlas, TemplateFile } from './template.types.ts';

interface NamedFile {
  readonly key: string;
  readonly name: BidsName;
}

/** Suffixes of images that show anatomy, best first. */
const anatomySuffixes = ['anat', 'T2w', 'T1w', 'T2starw', 'PDw', 'MP2RAGE', 'UNIT1'];

/** Suffixes of images that are neither anatomy nor made of a stain. */
const otherSuffixes = new Set(['mask', 'dseg', 'probseg', 'xfm', 'regqc', 'warp']);

/**
 * Finds the files of a template in a folder, named as this program writes them or as TemplateFlow does, directly in it
 * or in a folder `tpl-<name>` below it: an anatomy (`_anat`, `_T2w`, `_T1w` …), a brain mask (`_desc-brain_mask`), templates made
 * of a stain (any other suffix, e.g. `_YoPro`), atlases (`_seg-<seg>_dseg`, or `atlas-<seg>`) and their tables.
 *
 * @throws SpimquantError `not-found` for an empty or missing folder, `bad-template` without an anatomy
 */
export async function resolveTemplateDir(store: ObjectStore, name: string, signal?: AbortSignal): Promise<ResolvedTemplate> {
  const { files, others } = await listTemplate(store, name, signal);
  if (files.length === 0) throw nothingFound(store.uri, name, others);
  const images = files.filter(({ name: { extension } }) => extension === 'nii.gz' || extension === 'nii');
  // Of several resolutions or variants the plainest name is taken, then the first: cropped copies are never meant.
  const pick = (candidates: readonly NamedFile[]): NamedFile | undefined => candidates
    .filter(({ name: { entities } }) => entities.desc === undefined || !entities.desc.endsWith('crop'))
    .toSorted((a, b) => Object.keys(a.name.entities).length - Object.keys(b.name.entities).length || (a.key < b.key ? -1 : 1))[0];
  const anat = anatomySuffixes.map((suffix) => pick(images.filter(({ name: file }) => file.suffix === suffix && file.entities.desc === undefined))).find((file) => file !== undefined)
    ?? anatomySuffixes.map((suffix) => pick(images.filter(({ name: file }) => file.suffix === suffix))).find((file) => file !== undefined);
  if (anat === undefined) {
    throw new SpimquantError('bad-template', `${store.uri} has no anatomical image of the template ${name}.`, {
      where: store.uri,
      hint: `It must be called tpl-${name}_anat.nii.gz (or _T2w, _T1w). There are: ${files.slice(0, 8).map(({ key }) => key).join(', ')}.`,
    });
  }
  const mask = pick(images.filter(({ name: file }) => file.suffix === 'mask' && file.entities.desc === 'brain'));
  const atlases = findAtlases(files, images, pick);
  const registered = findTemplate(name);
  const segs = atlases.map(({ seg }) => seg);
  const preferred = (registered?.defaultSegs ?? []).filter((seg) => segs.includes(seg));
  return {
    name,
    origin: 'folder',
    anat: present(anat.key),
    ...(mask === undefined ? { notices: [missingMaskNotice(name)] } : { mask: present(mask.key) }),
    spim: findStains(images, pick, (registered?.spim ?? []).map(({ stain }) => stain)),
    atlases,
    defaultSegs: preferred.length > 0 ? preferred : segs,
  };
}

function present(key: string): TemplateFile {
  return { key, sources: [] };
}

type Pick = (candidates: readonly NamedFile[]) => NamedFile | undefined;

function findAtlases(files: readonly NamedFile[], images: readonly NamedFile[], pick: Pick): readonly TemplateAtlas[] {
  const segOf = ({ name: { entities } }: NamedFile): string => entities.seg ?? entities.atlas ?? 'all';
  const labelImages = images.filter(({ name }) => name.suffix === 'dseg');
  return [...new Set(labelImages.map(segOf))].sort().flatMap((seg): TemplateAtlas[] => {
    const dseg = pick(labelImages.filter((file) => segOf(file) === seg));
    if (dseg === undefined) return [];
    const tables = files.filter((file) => file.name.suffix === 'dseg' && segOf(file) === seg);
    const table = ['tsv', 'csv', 'itksnap.txt', 'txt', 'label'].map((extension) => pick(tables.filter(({ name }) => name.extension === extension))).find((file) => file !== undefined);
    return [{ seg, dseg: present(dseg.key), ...(table === undefined ? {} : { table: present(table.key) }) }];
  });
}

/** Stain templates: those the registry prefers first, the others by name. */
function findStains(images: readonly NamedFile[], pick: Pick, preferred: readonly string[]): ResolvedTemplate['spim'] {
  const candidates = images.filter(({ name }) => !anatomySuffixes.includes(name.suffix) && !otherSuffixes.has(name.suffix) && name.entities.desc === undefined);
  const stains = [...new Set(candidates.map(({ name }) => name.suffix))].sort();
  return [...preferred.filter((stain) => stains.includes(stain)), ...stains.filter((stain) => !preferred.includes(stain))].flatMap((stain) => {
    const found = pick(candidates.filter(({ name }) => name.suffix === stain));
    return found === undefined ? [] : [{ stain, file: present(found.key) }];
  });
}

async function listTemplate(store: ObjectStore, name: string, signal: AbortSignal | undefined): Promise<{ readonly files: readonly NamedFile[]; readonly others: readonly string[] }> {
  const files: NamedFile[] = [];
  const others = new Set<string>();
  let inner = false;
  const take = (key: string): void => {
    const parsed = parseBidsName(key.slice(key.lastIndexOf('/') + 1));
    if (parsed?.entities.tpl === name) files.push({ key, name: parsed });
    else if (parsed?.entities.tpl !== undefined) others.add(parsed.entities.tpl);
  };
  for await (const entry of store.list('', { signal })) {
    if (entry.kind === 'object') take(entry.key);
    else if (entry.key === `tpl-${name}/`) inner = true;
    else if (entry.key.startsWith('tpl-')) others.add(entry.key.slice('tpl-'.length, -1));
  }
  if (inner) for await (const entry of store.list(`tpl-${name}`, { signal })) if (entry.kind === 'object') take(entry.key);
  return { files: files.sort((a, b) => (a.key < b.key ? -1 : 1)), others: [...others].sort() };
}

function nothingFound(uri: string, name: string, others: readonly string[]): SpimquantError {
  return new SpimquantError('not-found', `${uri} has no files of the template ${name}.${didYouMean(name, others)}`, {
    where: uri,
    hint: others.length > 0
      ? `There are files of ${others.join(', ')}: choose with --template.`
      : `Files are looked for as tpl-${name}_anat.nii.gz, tpl-${name}_desc-brain_mask.nii.gz, tpl-${name}_seg-all_dseg.nii.gz and .tsv, in the folder or in tpl-${name} below it.`,
  });
}
