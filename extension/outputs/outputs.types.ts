import type { OutputsSource } from '../../webviews/outputs/messages.ts';

/** Type of the panels, known to the editor for restoring them. */
export const outputsPanelType = 'spimquant.outputs';

/** Opens the outputs of a run, a row of the Datasets view, an address, or what the user chooses. */
export const openOutputsCommand = 'spimquant.outputs.open';

/** What panels need of the rest of the extension, which is loaded already. */
export interface OutputsTools {
  /** Lets the user choose outputs; undefined: nothing was chosen. */
  readonly choose: (title: string) => Promise<OutputsSource | undefined>;
  /** Shows a file or folder of this machine where the user can go on with it. */
  readonly reveal: (path: string) => Promise<void>;
}
