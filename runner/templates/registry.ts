import { SpimquantError } from '../protocol/errors.ts';
import { didYouMean } from '../protocol/nearest.ts';
import type { DownloadSource, ResolvedTemplate, TemplateFile } from './template.types.ts';

/**
 * Where upstream's templates are published. Files of its repository are taken at a fixed commit, so their content cannot
 * change; files on Zenodo are checked against the MD5 of the record; the others are remembered at first use and
 * compared from then on (see download.ts).
 */
const repository = 'https://raw.githubusercontent.com/khanlab/SPIMquant';
const dsurqe = 'https://www.mouseimaging.ca/repo/DSURQE_40micron/Dorr_2008_Steadman_2013_Ullmann_2013_Richards_2011_Qiu_2016_Egan_2015_40micron';
const dsurqeMirror = 'https://github.com/CoBrALab/RABIES/releases/download/0.5.1';

function inRepository(commit: string, path: string): DownloadSource {
  return { kind: 'url', url: `${repository}/${commit}/spimquant/resources/${path}` };
}

/** ABAv3 is spread over two records. */
function onZenodo(file: string): readonly DownloadSource[] {
  return ['18906782', '20057848'].map((record) => ({ kind: 'zenodo', record, file }));
}

function url(address: string): DownloadSource {
  return { kind: 'url', url: address };
}

function file(key: string, ...sources: readonly DownloadSource[]): TemplateFile {
  return { key, sources };
}

/** Commit of upstream's repository in which each label table has its latest form that is known here. */
const abaTables: readonly (readonly [seg: string, commit: string])[] = [
  ['all', '79a3c2c2728398fac89aa1c040e0a9b8a73d7fd7'],
  ['allsym', '154fb0d3cf8884702080e6bec02e4cc499444ec4'],
  ['coarse', 'a3857e0e20f6e230526fd5e1f62d6143952a885a'],
  ['mid', 'abc9a14eb6bc87050762887061cbfc8efabff0ea'],
  ['fine', 'abc9a14eb6bc87050762887061cbfc8efabff0ea'],
  ['roi22', '154fb0d3cf8884702080e6bec02e4cc499444ec4'],
  ['roi82', '79a3c2c2728398fac89aa1c040e0a9b8a73d7fd7'],
  ['roi198', '154fb0d3cf8884702080e6bec02e4cc499444ec4'],
];

const aba: ResolvedTemplate = {
  name: 'ABAv3',
  origin: 'download',
  anat: file('tpl-ABAv3/tpl-ABAv3_anat.nii.gz', ...onZenodo('tpl-ABAv3_anat.nii.gz')),
  mask: file('tpl-ABAv3/tpl-ABAv3_desc-brain_mask.nii.gz', ...onZenodo('tpl-ABAv3_desc-brain_mask.nii.gz'),
    inRepository('79a3c2c2728398fac89aa1c040e0a9b8a73d7fd7', 'tpl-ABAv3/tpl-ABAv3_desc-brain_mask.nii.gz')),
  spim: ['YoPro', 'Iba1', 'CD31', 'Abeta'].map((stain) => ({
    stain, file: file(`tpl-ABAv3/tpl-ABAv3_${stain}.nii.gz`, ...onZenodo(`tpl-ABAv3_${stain}.nii.gz`)),
  })),
  atlases: abaTables.map(([seg, commit]) => ({
    seg,
    dseg: file(`tpl-ABAv3/tpl-ABAv3_seg-${seg}_dseg.nii.gz`, ...onZenodo(`tpl-ABAv3_seg-${seg}_dseg.nii.gz`),
      inRepository(['coarse', 'mid', 'fine'].includes(seg) ? '48771df64c739abd5c0ba89c4ecb040d8ec8139f' : '154fb0d3cf8884702080e6bec02e4cc499444ec4', `tpl-ABAv3/tpl-ABAv3_seg-${seg}_dseg.nii.gz`)),
    table: file(`tpl-ABAv3/tpl-ABAv3_seg-${seg}_dseg.tsv`, ...onZenodo(`tpl-ABAv3_seg-${seg}_dseg.tsv`), inRepository(commit, `tpl-ABAv3/tpl-ABAv3_seg-${seg}_dseg.tsv`)),
  })),
  defaultSegs: ['all', 'coarse', 'mid', 'fine'],
};

const dsurqeTemplate: ResolvedTemplate = {
  name: 'DSURQE',
  origin: 'download',
  // The first server gives plain .nii, the mirror .nii.gz: readers tell them apart by their content.
  anat: file('tpl-DSURQE/tpl-DSURQE_anat.nii.gz', url(`${dsurqe}/nifti/DSURQE_40micron_average.nii`), url(`${dsurqeMirror}/DSURQE_40micron.nii.gz`)),
  mask: file('tpl-DSURQE/tpl-DSURQE_desc-brain_mask.nii.gz', url(`${dsurqe}/nifti/DSURQE_40micron_mask.nii`), url(`${dsurqeMirror}/DSURQE_40micron_mask.nii.gz`)),
  spim: [],
  atlases: [{
    seg: 'all',
    dseg: file('tpl-DSURQE/tpl-DSURQE_seg-all_dseg.nii.gz', url(`${dsurqe}/nifti/DSURQE_40micron_labels.nii`), url(`${dsurqeMirror}/DSURQE_40micron_labels.nii.gz`)),
    table: file('tpl-DSURQE/tpl-DSURQE_seg-all_dseg.csv', url(`${dsurqe}/mappings/DSURQE_40micron_R_mapping.csv`), url(`${dsurqeMirror}/DSURQE_40micron_R_mapping.csv`)),
  }],
  defaultSegs: ['all'],
};

/** What is said of a template without a brain mask. */
export function missingMaskNotice(name: string): string {
  return `The template ${name} has no brain mask: what is above 0 in its anatomical image is taken for brain.`;
}

/** The last commit known to name the T2w images of MBMv3 and turone as its configuration does. */
const withT2w = '437113f7a51da52af9a36c735f2122fe354afceb';

const mbm: ResolvedTemplate = {
  name: 'MBMv3',
  origin: 'download',
  anat: file('tpl-MBMv3/tpl-MBMv3_anat.nii.gz', inRepository(withT2w, 'tpl-MBMv3/tpl-MBMv3_T2w.nii.gz')),
  mask: file('tpl-MBMv3/tpl-MBMv3_desc-brain_mask.nii.gz', inRepository('57ff4682cc0a8eb942418b46de71df8a7734513a', 'tpl-MBMv3/tpl-MBMv3_desc-brain_mask.nii.gz')),
  spim: [],
  atlases: [{
    seg: 'paxinos',
    dseg: file('tpl-MBMv3/tpl-MBMv3_seg-paxinos_dseg.nii.gz', inRepository('154fb0d3cf8884702080e6bec02e4cc499444ec4', 'tpl-MBMv3/tpl-MBMv3_seg-paxinos_dseg.nii.gz')),
    table: file('tpl-MBMv3/tpl-MBMv3_seg-paxinos_dseg.tsv', inRepository('79a3c2c2728398fac89aa1c040e0a9b8a73d7fd7', 'tpl-MBMv3/tpl-MBMv3_seg-paxinos_dseg.tsv')),
  }],
  defaultSegs: ['paxinos'],
};

const turone: ResolvedTemplate = {
  name: 'turone',
  origin: 'download',
  // Upstream has no mask for it either, and fails.
  notices: [missingMaskNotice('turone')],
  anat: file('tpl-turone/tpl-turone_anat.nii.gz', inRepository('154fb0d3cf8884702080e6bec02e4cc499444ec4', 'tpl-turone/tpl-turone_anat.nii.gz'),
    inRepository(withT2w, 'tpl-turone/tpl-turone_T2w.nii.gz')),
  spim: [],
  atlases: [{
    seg: 'all',
    dseg: file('tpl-turone/tpl-turone_seg-all_dseg.nii.gz', inRepository('79a3c2c2728398fac89aa1c040e0a9b8a73d7fd7', 'tpl-turone/tpl-turone_seg-all_dseg.nii.gz')),
    table: file('tpl-turone/tpl-turone_seg-all_dseg.tsv', inRepository('79a3c2c2728398fac89aa1c040e0a9b8a73d7fd7', 'tpl-turone/tpl-turone_seg-all_dseg.tsv')),
  }],
  defaultSegs: ['all'],
};

/** Made by runner/phantom when it is used; what it has is repeated here because that room lies above this one. */
const phantom: ResolvedTemplate = {
  name: 'phantom',
  origin: 'generated',
  spim: [{ stain: 'YoPro' }],
  atlases: [{ seg: 'all' }, { seg: 'coarse' }],
  defaultSegs: ['all', 'coarse'],
};

const templates: readonly ResolvedTemplate[] = [aba, dsurqeTemplate, mbm, turone, phantom];

/** Names of the templates that can be used without a folder of one's own. */
export const templateNames: readonly string[] = templates.map((template) => template.name);

/** The registered template of that name, or undefined. */
export function findTemplate(name: string): ResolvedTemplate | undefined {
  return templates.find((template) => template.name === name);
}

/** The registered template of that name. Throws `bad-option` with the nearest name. */
export function registeredTemplate(name: string): ResolvedTemplate {
  const template = findTemplate(name);
  if (template !== undefined) return template;
  if (name === 'gubra') {
    throw new SpimquantError('bad-option', 'The template gubra is named by upstream, but has never been published with it.', {
      hint: 'If you have its files, name them tpl-gubra_anat.nii.gz, tpl-gubra_desc-brain_mask.nii.gz, tpl-gubra_seg-all_dseg.nii.gz and .tsv, and give their folder with --template_dir.',
    });
  }
  throw new SpimquantError('bad-option', `There is no template ${name}.${didYouMean(name, templateNames)}`, {
    hint: `There are ${templateNames.join(', ')}; any other can be used from a folder of files named tpl-${name}_… with --template_dir.`,
  });
}

/** The template with every download taken from a mirror instead: `<mirror>/tpl-X/tpl-X_….nii.gz`. */
export function mirrored(template: ResolvedTemplate, mirror: string): ResolvedTemplate {
  const base = mirror.replace(/\/+$/, '');
  const moved = (original: TemplateFile): TemplateFile =>
    (original.sources.length === 0 ? original : { ...original, sources: [url(`${base}/${original.key}`)] });
  return {
    ...template,
    ...(template.anat === undefined ? {} : { anat: moved(template.anat) }),
    ...(template.mask === undefined ? {} : { mask: moved(template.mask) }),
    spim: template.spim.map((entry) => (entry.file === undefined ? entry : { ...entry, file: moved(entry.file) })),
    atlases: template.atlases.map((atlas) => ('dseg' in atlas
      ? { ...atlas, dseg: moved(atlas.dseg), ...(atlas.table === undefined ? {} : { table: moved(atlas.table) }) }
      : atlas)),
  };
}
