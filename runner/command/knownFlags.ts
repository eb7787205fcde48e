import type { Arity, Flag, Support } from './flag.types.ts';

function known(names: string, arity: Arity, support: Support): Flag[] {
  return names.split(' ').map((entry): Flag => {
    const [name, ...aliases] = entry.split('|');
    return {
      name, aliases, group: 'Known from upstream', verbs: ['participant', 'group', 'tune_n4'], help: support.kind === 'refused' ? support.why : support.kind === 'accepted' ? support.notice : `See --${support.to}.`, origin: 'upstream', support,
      ...(arity === 0 ? { value: { kind: 'switch' } } : { value: { kind: 'text' }, arity }),
    };
  });
}

const refused = (why: string): Support => ({ kind: 'refused', why });
/** Refused by the embedded engine; the installed SPIMquant takes it. */
const external = (why: string): Support => ({ kind: 'refused', why, external: true });
const accepted = (notice: string): Support => ({ kind: 'accepted', notice });

const snakemake = external('it steers Snakemake, which the embedded engine does not use');
const own = refused('the installed SPIMquant says this to Snakemake itself');
const mri = external('registration to an MRI comes with a later version');
const patches = external('patches and crops come with a later version');
const formulas = external('model formulas come with a later version; --contrast_column and --contrast_values compare two groups');

/** Flags that upstream, its documentation or Snakemake know and that do nothing in the embedded engine; see {@link Support}. */
export const knownFlags: readonly Flag[] = [
  ...known('dask_scheduler', 1, accepted('there is no dask here; --cores says how many cores are used')),
  ...known('skip-bids-validation pybidsdb-reset', 0, accepted('the dataset is always indexed anew and checked for what is needed')),
  ...known('pybidsdb-dir', 1, accepted('no database is kept; the dataset is indexed anew each time')),
  ...known('use-conda use-singularity use-apptainer conda-cleanup-envs', 0, accepted('the embedded engine needs no software environments')),
  ...known('sdm|software-deployment-method conda-frontend conda-prefix', 1, accepted('the embedded engine needs no software environments')),
  ...known('p|printshellcmds', 0, accepted('there are no shell commands to print; -n shows the plan')),
  ...known('rerun-incomplete|ri', 0, accepted('what is not whole is always done again')),
  ...known('keep-going|k', 0, accepted('a failed participant never stops the others')),
  ...known('latency-wait|w|output-wait rerun-triggers retries|T', 1, accepted('the embedded engine decides by content and needs no such setting')),
  ...known('verbose nocolor', 0, accepted('set NO_COLOR=1 for output without colours; the run folder holds every detail')),

  ...known('register_to_mri', 0, mri),
  ...known('template_mri mri_resample_percent filter-mri wildcards-mri path-mri', 'many', mri),
  ...known('patch_size patch_atlas_segs crop_atlas_segs n_patches_per_label patch_labels patch_seed crop_labels', 'many', patches),
  ...known('no_patch_uint8', 0, patches),
  ...known('vesselfm', 'many', refused('with --engine snakemake vessels are segmented by vesselFM without a flag, and here they are not')),
  ...known('qc_instance_seg qc_roi_zoom_bg_n4', 0, external('this figure comes with a later version')),
  ...known('group-stats-model group-stats-pairwise group-stats-within group-stats-where', 'many', formulas),
  ...known('zarr-store-shards', 'many', external('sharded output stores come with a later version')),
  ...known('derivatives', 'many', external('images are looked for in the dataset itself; give the derivative folder as the dataset')),
  ...known('wildcards-spim path-spim', 'many', external('images are found by their BIDS names; choose among them with --filter-spim')),
  ...known('help-snakemake', 0, refused('"snakemake --help" shows it')),
  ...known('snakefile|s directory|d configfiles', 'many', own),

  ...known('forcerun|R until|U omit-from|O profile workflow-profile executor|e resources|res set-threads set-resources default-resources report dag rulegraph filegraph batch target-jobs groups group-components max-threads restart-times scheduler shadow-prefix default-storage-provider default-storage-prefix storage cluster envvars', 'many', snakemake),
  ...known('touch|t force|f list|l list-rules cleanup-metadata list-changes summary|S detailed-summary|D delete-all-output delete-temp-output lint nolock ignore-incomplete|ii keep-incomplete archive debug benchmark-repeats', 0, snakemake),

  ...known('filter_subjects', 'many', { kind: 'renamed', to: 'participant-label' }),
  ...known('registration_stain', 'many', { kind: 'renamed', to: 'stains_for_reg' }),
  ...known('segmentation_method', 'many', { kind: 'renamed', to: 'seg_method' }),
  ...known('seg_hist_range', 'many', { kind: 'renamed', to: 'seg_hist_percentile_range' }),
  ...known('seg_hist_bins', 'many', { kind: 'renamed', to: 'seg_hist_bin_width' }),
  ...known('template_negative_mask', 'many', refused('present versions of SPIMquant have no such option')),
];
