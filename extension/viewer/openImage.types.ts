import type { OverlayKind } from '../../runner/protocol/imageView.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';
import type { LookPosition } from '../../webviews/image/firstLook.ts';

/** The command that opens an image; its one argument is an {@link OpenImageRequest}, or the editor's URI of a file or folder. */
export const openImageCommand = 'spimquant.image.openAddress';

/** Something to lay over an image as it is opened. */
export interface OpenImageOverlay {
  readonly uri: string;
  /** Left out: reached as the image is. */
  readonly storage?: StorageChoice;
  /** Left out: judged by the file's name (`dseg`: labels, `mask`: mask, anything else: a map). */
  readonly kind?: OverlayKind;
  /** Left out: the file's name. */
  readonly title?: string;
  /** Table with the names of its regions, where it is a parcellation. */
  readonly table?: string;
}

/** An image to be shown: an OME-Zarr store or a NIfTI file, in a folder or a bucket. All but its address may be left out. */
export interface OpenImageRequest {
  /** A path or an address such as `s3://bucket/sub-01/…/x.ome.zarr`. */
  readonly uri: string;
  /** How it is reached; left out: as the list of datasets has it. */
  readonly storage?: StorageChoice;
  /** Of its tab; left out: the file's name. */
  readonly title?: string;
  readonly overlays?: readonly OpenImageOverlay[];
  /** Where the planes are to cross: `{ millimetres }` (RAS), `{ voxel }` (of level 0), or `{ plane, fraction }` as `--plane` and `--position` say it. */
  readonly position?: LookPosition;
  /** Of the pyramid; left out: as the zoom asks for. */
  readonly level?: number;
  /** The channel to show alone, by its label. */
  readonly stain?: string;
  /** Shows the mask of this threshold on the stain, else on the channel that is segmented by default. */
  readonly threshold?: number;
  /** In a column beside the editor in front rather than in its own. */
  readonly beside?: boolean;
}
