/** One region of an atlas. */
export interface Region {
  readonly index: number;
  readonly name: string;
  readonly abbreviation?: string;
  /** `#rrggbb`. */
  readonly color?: string;
}

/** One place to download a file from, and how its content is checked. */
export type DownloadSource =
  | { readonly kind: 'url'; readonly url: string; readonly sha256?: string }
  /** A file of a Zenodo record: the record's own metadata tell its address and MD5. */
  | { readonly kind: 'zenodo'; readonly record: string; readonly file: string };

/** A file of a template, as it is (or will be) stored in the folder or cache. */
export interface TemplateFile {
  /** Key in the place `templates`. */
  readonly key: string;
  /** Where to get it from when it is not in the cache yet, in the order in which they are tried. Empty: it is there. */
  readonly sources: readonly DownloadSource[];
}

/** Label image and table of an atlas. Without a table, regions are named after their labels. */
export interface TemplateAtlas {
  readonly seg: string;
  readonly dseg: TemplateFile;
  readonly table?: TemplateFile;
}

/** A template as the plan uses it: what it consists of, and where its files come from. */
export interface ResolvedTemplate {
  readonly name: string;
  /** `generated`: made by runner/phantom, no files. */
  readonly origin: 'folder' | 'download' | 'generated';
  /** NIfTI file with the anatomy. */
  readonly anat?: TemplateFile;
  /** NIfTI file with the brain mask; without one, the mask is where the anatomy is above 0. */
  readonly mask?: TemplateFile;
  /** Templates made of a stain, in order of preference. */
  readonly spim: readonly { readonly stain: string; readonly file?: TemplateFile }[];
  readonly atlases: readonly (TemplateAtlas | { readonly seg: string })[];
  readonly defaultSegs: readonly string[];
  /** What the user should know before using it, one sentence each. */
  readonly notices?: readonly string[];
}
