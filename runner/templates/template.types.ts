/** One region of an atlas. */
export interface Region {
  readonly index: number;
  readonly name: string;
  readonly abbreviation?: string;
  /** `#rrggbb`. */
  readonly color?: string;
}

/** Where a template's files come from. All paths are keys inside `source`'s store or cache, ready to be read. */
export interface ResolvedTemplate {
  readonly name: string;
  /** NIfTI file with the anatomy. */
  readonly anat: string;
  /** NIfTI file with the brain mask. */
  readonly mask: string;
  /** Templates made of a stain, in order of preference. */
  readonly spim: readonly { readonly stain: string; readonly file: string }[];
  /** Label image and table of each atlas. */
  readonly atlases: readonly { readonly seg: string; readonly dseg: string; readonly table: string }[];
  readonly defaultSegs: readonly string[];
}
