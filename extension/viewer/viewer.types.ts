import type { PlaneName } from '../../runner/protocol/imageView.ts';
import type { StorageChoice } from '../../runner/protocol/storageChoice.ts';

/** Type of the editor of NIfTI files and zipped images, contributed by package.json. */
export const imageEditorType = 'spimquant.image';
/** Type of the panels of all other images, known to the editor for restoring them. */
export const imagePanelType = 'spimquant.imagePanel';

/** A threshold that was found by looking, and where it was looked at. */
export interface FoundThreshold {
  readonly uri: string;
  readonly storage: StorageChoice;
  readonly stain: string;
  readonly threshold: number;
  readonly plane: PlaneName;
  /** Of the plane, from 0 to 1, as `--position` takes it. */
  readonly position: number;
}

/** What views use of the rest of the extension. Views are in a file of their own, which does not bring it along. */
export interface ViewerTools {
  /** Asks for the path or address of a file or folder; undefined: the user has thought better of it. */
  readonly askAddress: (question: { readonly title: string; readonly placeholder: string; readonly verb: string; readonly value?: string }) => Promise<string | undefined>;
  readonly putThreshold: (found: FoundThreshold) => Promise<void>;
}
