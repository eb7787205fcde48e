import type { OutputEntry } from '../../runner/protocol/outputs.ts';
import type { FileAction, FromOutputsPage } from './messages.ts';
import type { OutputsModel } from './model.ts';
import type { Choices, OutputsTab } from './viewState.ts';

/** What the parts of the page share. */
export interface PartContext {
  readonly post: (message: FromOutputsPage) => void;
  readonly act: (action: FileAction, model: OutputsModel, entry: Pick<OutputEntry, 'path'>) => void;
  readonly choices: (part: OutputsTab) => Choices;
  /** Keeps what was chosen, and shows it. */
  readonly choose: (part: OutputsTab, choices: Choices) => void;
  /** Shows a picture large, with those before and after it. */
  readonly showFigure: (model: OutputsModel, entries: readonly OutputEntry[], at: number) => void;
}
