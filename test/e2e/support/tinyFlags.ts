/** Flags that suit a brain of `tinyBrain`. */
export const tinyFlags = [
  '--template', 'phantom', '--registration_level', '0', '--correction_level', '1', '--correction_n4_iters', '10', '--sloppy',
  '--stains_for_seg', 'Abeta', '--atlas_segs', 'coarse', '--seg_method', 'th900', '--min_object_voxels', '20', '--cores', '2',
];

/** Flags for a shorter run of `tinyBrain`, that registers and no more: for tests of what goes on around the pipeline. */
export const registerFlags = ['--template', 'phantom', '--registration_level', '0', '--correction_n4_iters', '10', '--sloppy', '--atlas_segs', 'coarse', '--no_segmentation', '--cores', '2'];
