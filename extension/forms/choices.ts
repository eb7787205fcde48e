import { findFlag } from '../../runner/command/flags.ts';
import { BadValue, parseMethod } from '../../runner/command/values.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import { count } from '../../runner/wording/words.ts';
import { baseName } from '../explorer/datasets/datasetNodes.ts';
import { usualMethod, usualStains, usualTemplate } from './buildCommand.ts';
import type { GroupColumn } from './groups.ts';
import type { Choice } from './pickers.ts';

/** Datasets to choose from. */
export function datasetChoices(datasets: readonly DatasetRef[], chosen?: string): readonly Choice<DatasetRef>[] {
  return datasets.map((dataset) => ({
    label: `$(${dataset.uri.includes('://') ? 'cloud' : 'database'}) ${baseName(dataset.uri)}`, description: dataset.uri, value: dataset, picked: dataset.uri === chosen,
  }));
}

/** Stains to segment; those that are segmented unasked are ticked. */
export function stainChoices(present: readonly string[], chosen: readonly string[] | undefined): readonly Choice<string>[] {
  const usual = usualStains(present);
  return present.map((stain) => ({ label: stain, description: usual.includes(stain) ? 'segmented unless you say otherwise' : undefined, value: stain, picked: (chosen ?? usual).includes(stain) }));
}

const methods: readonly { readonly name: string; readonly what: string }[] = [
  { name: usualMethod, what: 'Gaussian mixture of 3, foreground 1 sigma above the background' },
  { name: 'gmm+n2k2', what: 'Gaussian mixture of 2, foreground 2 sigma above the background' },
  { name: 'otsu+k3i2', what: 'Otsu with 3 classes, the brightest is foreground' },
  { name: 'otsu+k3i1', what: 'Otsu with 3 classes, the two brighter ones are foreground' },
  { name: 'otsu+k2i1', what: 'Otsu with 2 classes' },
];

/** Segmentation methods to choose from; others can be written. */
export function methodChoices(chosen: readonly string[] | undefined): readonly Choice<string>[] {
  const known = methods.map(({ name, what }) => ({ label: name, description: what, value: name, picked: (chosen ?? [usualMethod]).includes(name) }));
  const own = (chosen ?? []).filter((name) => !methods.some((method) => method.name === name));
  return [...own.map((name) => ({ label: name, value: name, picked: true })), ...known];
}

/** A method that was written; undefined: there is none of that name. */
export function writtenMethod(text: string): Choice<string> | undefined {
  try {
    const { name } = parseMethod(text);
    return { label: name, description: 'as written', value: name };
  } catch (error) {
    if (error instanceof BadValue) return undefined;
    throw error;
  }
}

/** Templates to choose from. */
export function templateChoices(chosen: string | undefined): readonly Choice<string>[] {
  const value = findFlag('template')?.value;
  const names = value?.kind === 'text' ? value.choices ?? [] : [];
  return names.map((name) => ({
    label: name, value: name, picked: name === (chosen ?? usualTemplate),
    description: name === usualTemplate ? 'mouse brain, unless you say otherwise' : name === 'phantom' ? 'generated brains of the demo dataset' : undefined,
  }));
}

/** Columns that tell groups apart. */
export function columnChoices(columns: readonly GroupColumn[], chosen: string | undefined): readonly Choice<string>[] {
  return columns.map((column) => ({
    label: column.name, value: column.name, picked: column.name === chosen,
    description: column.values.map((each) => `${each.value} (${each.participants})`).join(', '),
  }));
}

/** Pairs of groups, each way round. */
export function groupChoices(column: GroupColumn | undefined, chosen: readonly [string, string] | undefined): readonly Choice<readonly [string, string]>[] {
  const values = column?.values ?? [];
  return values.flatMap((a) => values.filter((b) => b !== a).map((b): Choice<readonly [string, string]> => ({
    label: `${a.value} minus ${b.value}`,
    description: `${count(a.participants, 'participant')} against ${b.participants}${Math.min(a.participants, b.participants) < 2 ? ': too few to compare' : ''}`,
    value: [a.value, b.value],
    picked: chosen !== undefined && chosen[0] === a.value && chosen[1] === b.value,
  })));
}
