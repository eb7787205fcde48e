import * as vscode from 'vscode';
import { commandOf } from './commandsOfNodes.ts';
import { uriOf } from './datasetNodes.ts';
import type { DatasetNode } from './datasetNodes.ts';
import { dropText } from './dropText.ts';

/** Type under which a dragged row carries its command and its address. */
const rowMime = 'application/vnd.spimquant.row+json';

interface DraggedRow {
  readonly command: string;
  readonly uri: string;
}

/** Lets rows be dragged into cells and texts, where their command stands then. */
export const datasetsDrag: vscode.TreeDragAndDropController<DatasetNode> = {
  dropMimeTypes: [],
  dragMimeTypes: [rowMime, 'text/plain'],
  handleDrag(nodes, data) {
    const uri = nodes[0] === undefined ? undefined : uriOf(nodes[0]);
    if (uri === undefined) return;
    const command = commandOf(nodes) ?? uri;
    const dragged: DraggedRow = { command, uri };
    data.set(rowMime, new vscode.DataTransferItem(JSON.stringify(dragged)));
    data.set('text/plain', new vscode.DataTransferItem(command));
  },
};

/** In a cell, a dragged row becomes its command; in a command that is there already, its address. */
export function registerDatasetDrops(): vscode.Disposable {
  const kind = vscode.DocumentDropOrPasteEditKind.Empty.append('text', 'spimquant');
  return vscode.languages.registerDocumentDropEditProvider({ language: 'spimquant' }, {
    async provideDocumentDropEdits(document, position, data) {
      const item = data.get(rowMime);
      if (item === undefined) return undefined;
      const { command, uri } = JSON.parse(await item.asString()) as DraggedRow;
      const edit = new vscode.DocumentDropEdit(dropText(document.getText(), document.offsetAt(position), command, uri));
      edit.title = 'Insert SPIMquant command';
      edit.kind = kind;
      return edit;
    },
  }, { dropMimeTypes: [rowMime], providedDropEditKinds: [kind] });
}
