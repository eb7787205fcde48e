import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StoreColumn } from './column.ts';
import type { CaseResult, ColumnResults } from './suite.ts';

/** What a run against a program of others gave. */
export interface Recording {
  /** What the program calls itself, such as `16.2.15`. */
  readonly version: string;
  /** Of the run, such as `2026-11-26`. */
  readonly date: string;
  /** By id of the case. */
  readonly cases: ColumnResults;
}

/** Where the results of a column are kept. */
export function recordingFile({ id }: Pick<StoreColumn, 'id'>): string {
  return fileURLToPath(new URL(`recorded/${id}.json`, import.meta.url));
}

/** What was recorded last; undefined when nothing was. Throws for a file that is no recording. */
export function readRecording(column: Pick<StoreColumn, 'id'>): Recording | undefined {
  const file = recordingFile(column);
  if (!existsSync(file)) return undefined;
  const { version, date, cases } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Recording>;
  if (typeof version !== 'string' || typeof date !== 'string' || typeof cases !== 'object') throw new Error(`${file} is no recording of a run`);
  return { version, date, cases };
}

/** Why a recording does not tell of today's suite, in words; none when it does. `ids`: of all cases there are. */
export function outdated({ cases }: Pick<Recording, 'cases'>, ids: readonly string[], { notApplicable }: Pick<StoreColumn, 'notApplicable'>): readonly string[] {
  const wanted = (id: string): CaseResult => (id in notApplicable ? { notApplicable: notApplicable[id] } : 'passed');
  const said = (result: CaseResult): string => (typeof result === 'string' ? result : `not applicable: ${result.notApplicable}`);
  return [
    ...ids.filter((id) => !(id in cases)).map((id) => `${id} was not run`),
    ...Object.keys(cases).filter((id) => !ids.includes(id)).map((id) => `there is no case ${id} any more`),
    ...ids.filter((id) => id in cases && said(cases[id]) !== said(wanted(id))).map((id) => `${id} was ${said(cases[id])}, and should be ${said(wanted(id))}`),
  ];
}

/** As it is kept, cases in the order of the suite. */
export function recordingText({ version, date, cases }: Recording, ids: readonly string[]): string {
  const ordered = Object.fromEntries(ids.filter((id) => id in cases).map((id) => [id, cases[id]]));
  return `${JSON.stringify({ version, date, cases: ordered }, undefined, 2)}\n`;
}
