import { joinWords } from '../../../runner/command/shell.ts';
import { storageFlags } from '../../../runner/protocol/storageChoice.ts';
import type { DatasetRef } from '../../../runner/protocol/datasets.ts';
import { baseName, below } from './datasetNodes.ts';
import type { DatasetNode } from './datasetNodes.ts';

/** Where results of a dataset go unless the user says otherwise: below it, or beside the notebook when it cannot be written to. */
export function suggestedOutput(dataset: DatasetRef): string {
  return dataset.storage.anonymous === true ? `${baseName(dataset.uri)}-spimquant` : below(dataset.uri, 'derivatives', 'spimquant');
}

/** The command that some rows of one dataset stand for; undefined: they stand for none. */
export function commandOf(nodes: readonly DatasetNode[]): string | undefined {
  const first = nodes[0];
  if (first === undefined || !('dataset' in first) || first.dataset === undefined) return undefined;
  const { dataset } = first;
  const flags = storageFlags(dataset.storage);
  const run = (words: readonly string[]): string => joinWords(['spimquant', dataset.uri, suggestedOutput(dataset), 'participant', ...words, ...flags]);
  switch (first.kind) {
    case 'dataset': return run([]);
    case 'participant': {
      const labels = nodes.filter((node) => node.kind === 'participant' && node.dataset.uri === dataset.uri).map((node) => (node as typeof first).label);
      return run(['--participant-label', ...labels]);
    }
    case 'session': return run(['--participant-label', first.participant, '--filter-spim', `session=${first.label}`]);
    case 'image': return joinWords(['spimquant', 'segment', first.image.uri, ...flags]);
    case 'level': return joinWords(['spimquant', 'slice', first.image.uri, '--level', String(first.level.level), ...flags]);
    case 'derivative': return joinWords(['spimquant', 'results', first.derivative.uri, ...flags]);
    default: return undefined;
  }
}

/** The command that says who one is at a service and whether an address can be read; without one: at all services. */
export function doctorCommand(target?: DatasetRef): string {
  return joinWords(['spimquant', 'doctor', ...(target === undefined ? [] : [target.uri, ...storageFlags(target.storage)])]);
}
