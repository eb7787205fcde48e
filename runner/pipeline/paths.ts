import { bidsName, bidsPath } from '../bids/names.ts';
import type { Entities } from '../bids/bids.types.ts';

/**
 * Where every file of a run is, relative to the output folder (or, where said, to the folder of temporary files).
 * The names are upstream's (pipeline-spec §3 and §5).
 */
export interface ImagePaths {
  /** `sub-X[_ses-X][_sample-X][_acq-X]`. */
  readonly id: string;
  spim(stain: string, level: number): string;
  brainMask(stain: string, level: number): string;
  n4(stain: string, level: number, what: 'N4' | 'N4brain' | 'prequantN4'): string;
  biasField(stain: string, level: number, what: 'N4' | 'prequantN4' | 'gaussian'): string;
  spimInTemplate(stain: string, level: number): string;
  /** Resamples subject images onto the template grid. */
  toTemplate(): string;
  /** Resamples template images onto the subject grid; also maps subject points to the template. */
  fromTemplate(): string;
  registrationReport(stain: string): string;
  parcellation(seg: string, level: number): string;
  mask(stain: string, level: number, method: string, extension: string): string;
  thresholds(stain: string, level: number, method: string): string;
  fieldFraction(stain: string, level: number, method: string): string;
  fieldFractionInTemplate(stain: string, level: number, method: string): string;
  counts(stain: string, level: number, method: string): string;
  countsInTemplate(stain: string, method: string): string;
  colocCountsInTemplate(method: string): string;
  regionProps(method: string): string;
  coloc(method: string): string;
  regionPropStats(stain: string, seg: string, level: number, method: string): string;
  mergedSegStats(seg: string, method: string): string;
  /** `metric` is `Abeta+count`, or `coloc+distance`. */
  featureMap(seg: string, method: string, metric: string): string;
  qc(parts: { readonly stain?: string; readonly seg?: string; readonly method?: string }, suffix: string, extension?: string): string;
  /** What the tuning of N4 makes with a setting (`Spline2Iters200`), in the place `work`. */
  n4Tune(stain: string, level: number, setting: string, what: 'corrected' | 'biasfield'): string;
  n4TuneFigure(stain: string, setting: string): string;
  n4TuneReport(stain: string): string;
  /** The participant's self-contained report. */
  report(): string;
  /** Path of a temporary file of this image, in the place `work`. */
  work(name: string): string;
}

/** Paths of one image (one `ID` of upstream) registered to one template. */
export function imagePaths(identity: Entities, template: string): ImagePaths {
  const id = Object.entries(identity).map(([key, value]) => `${key}-${value}`).join('_');
  const file = (datatype: string, entities: Record<string, string | number | undefined>, suffix: string, extension: string): string =>
    bidsPath({ datatype, entities: { ...identity, ...entities }, suffix, extension });
  const nifti = 'nii.gz';
  return {
    id,
    spim: (stain, level) => file('micr', { stain, level }, 'SPIM', nifti),
    brainMask: (stain, level) => file('micr', { stain, level, desc: 'brain' }, 'mask', nifti),
    n4: (stain, level, what) => file('micr', { stain, level, desc: what }, 'SPIM', nifti),
    biasField: (stain, level, what) => file('micr', { stain, level, desc: what }, 'biasfield', nifti),
    spimInTemplate: (stain, level) => file('micr', { stain, space: template, level }, 'SPIM', nifti),
    toTemplate: () => file('xfm', { from: 'subject', to: template }, 'xfm', nifti),
    fromTemplate: () => file('xfm', { from: template, to: 'subject' }, 'xfm', nifti),
    registrationReport: (stain) => file('xfm', { stain, from: 'SPIM', to: template }, 'regqc', 'html'),
    parcellation: (seg, level) => file('parc', { seg, from: template, level }, 'dseg', nifti),
    mask: (stain, level, method, extension) => file('seg', { stain, level, desc: method }, 'mask', extension),
    thresholds: (stain, level, method) => file('seg', { stain, level, desc: method }, 'thresholds', 'png'),
    fieldFraction: (stain, level, method) => file('seg', { stain, level, desc: method }, 'fieldfrac', nifti),
    fieldFractionInTemplate: (stain, level, method) => file('seg', { stain, space: template, level, desc: method }, 'fieldfrac', nifti),
    counts: (stain, level, method) => file('seg', { stain, level, desc: method }, 'counts', nifti),
    countsInTemplate: (stain, method) => file('seg', { stain, space: template, desc: method }, 'counts', nifti),
    colocCountsInTemplate: (method) => file('seg', { space: template, desc: method }, 'coloccounts', nifti),
    regionProps: (method) => file('tabular', { space: template, desc: method }, 'regionprops', 'parquet'),
    coloc: (method) => file('tabular', { space: template, desc: method }, 'coloc', 'parquet'),
    regionPropStats: (stain, seg, level, method) => file('tabular', { stain, seg, from: template, level, desc: method }, 'regionpropstats', 'tsv'),
    mergedSegStats: (seg, method) => file('tabular', { seg, from: template, desc: method }, 'mergedsegstats', 'tsv'),
    featureMap: (seg, method, metric) => file('featuremap', { space: template, seg, desc: method }, metric, nifti),
    qc: (parts, suffix, extension = 'png') =>
      file('qc', { stain: parts.stain, seg: parts.seg, from: parts.seg === undefined ? undefined : template, desc: parts.method }, suffix, extension),
    n4Tune: (stain, level, setting, what) => `${id}/${bidsName({ entities: { ...identity, stain, level, desc: `n4tune${setting}` }, suffix: what, extension: nifti })}`,
    n4TuneFigure: (stain, setting) => file('qc', { stain, desc: `n4tune${setting}` }, 'n4tune', 'png'),
    n4TuneReport: (stain) => file('qc', { stain }, 'n4tunereport', 'html'),
    report: () => file('qc', {}, 'report', 'html'),
    work: (name) => `${id}/${name}`,
  };
}

/** Paths of the files of one template, below the output folder. */
export interface TemplatePaths {
  anat(): string;
  mask(): string;
  spim(stain: string): string;
  dseg(seg: string): string;
  table(seg: string): string;
  itksnap(seg: string): string;
}

/** `crop` adds upstream's `desc-leftcrop` or `desc-rightcrop` to images (not to tables). */
export function templatePaths(template: string, crop?: 'left' | 'right'): TemplatePaths {
  const desc = crop === undefined ? undefined : `${crop}crop`;
  const file = (entities: Record<string, string | undefined>, suffix: string, extension: string): string =>
    bidsPath({ entities: { tpl: template, ...entities }, suffix, extension });
  return {
    anat: () => file({ desc }, 'anat', 'nii.gz'),
    mask: () => file({ desc: desc ?? 'brain' }, 'mask', 'nii.gz'),
    spim: (stain) => file({ desc }, stain, 'nii.gz'),
    dseg: (seg) => file({ seg, desc }, 'dseg', 'nii.gz'),
    table: (seg) => file({ seg }, 'dseg', 'tsv'),
    itksnap: (seg) => file({ seg }, 'dseg.itksnap', 'txt'),
  };
}

/** The JSON sidecar beside a table or parquet file. */
export function sidecarOf(path: string): string {
  return path.replace(/\.(tsv|parquet)$/, '.json');
}
