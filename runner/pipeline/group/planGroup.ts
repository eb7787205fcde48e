import { chooseParticipants, parseParticipants } from '../../bids/participants.ts';
import type { GroupOptions, Provenance } from '../../protocol/options.ts';
import { SpimquantError } from '../../protocol/errors.ts';
import type { ObjectStore } from '../../storage/objectStore.ts';
import type { Plan } from '../plan/plan.types.ts';
import type { Task } from '../task.ts';
import { allSubjectsTask } from './allSubjects.ts';
import type { SubjectTable } from './allSubjects.ts';
import { chooseContrast } from './contrast.ts';
import type { Contrast } from './contrast.ts';
import { groupPaths } from './groupPaths.ts';
import type { Analysis } from './groupPaths.ts';
import { groupReportTask } from './groupReport.ts';
import { groupStatsTask } from './groupStats.ts';

/** What a group run is planned from. */
export interface GroupRequest {
  readonly dataset: ObjectStore;
  /** The output folder of participant runs; group results go there too. */
  readonly output: ObjectStore;
  readonly options: GroupOptions;
  readonly signal?: AbortSignal;
  readonly provenance: Provenance;
}

const tableName = /_seg-([^_/]+)_from-([^_/]+)_desc-([^_/]+)_mergedsegstats\.tsv$/;

/**
 * Plans the group level: finds the region tables of participants, sorts participants into groups, and lists the tasks.
 *
 * @throws SpimquantError `not-found` when no tables are there, `bad-option` for what cannot be compared, `bad-dataset` for
 *   a participants.tsv that cannot be read
 */
export async function planGroup(request: GroupRequest): Promise<Plan> {
  const { dataset, output, options, signal, provenance } = request;
  const found = await findTables(output, options, signal);
  const { tables, notices } = select(found, options, output.uri);
  const participants = [...new Set(tables.map((table) => table.participant))].sort();
  const where = `${dataset.uri}/participants.tsv`;
  const content = await dataset.read('participants.tsv', { signal });
  let contrast: Contrast | undefined;
  const said = [...notices];
  if (options.contrastColumn === undefined) {
    if (content === undefined) said.push('The dataset has no participants.tsv: tables hold no columns about participants.');
    said.push('No contrast was asked for: regions are described over all participants. To compare two groups give --contrast_column and --contrast_values.');
  } else {
    if (content === undefined) {
      throw new SpimquantError('not-found', `A contrast needs participants.tsv, and the dataset has none: ${where}`, { where, hint: `Make one with the columns participant_id and ${options.contrastColumn}, one row a participant, separated by tabs.` });
    }
    const chosen = chooseContrast(options.contrastColumn, options.contrastValues, parseParticipants(content, where), participants, where);
    contrast = chosen.contrast;
    said.push(...chosen.notices);
  }
  said.push(...repeatedImages(tables));
  const tasks: Task[] = [];
  const analyses = distinct(tables);
  for (const analysis of analyses) {
    const own = tables.filter((table) => sameAnalysis(table, analysis));
    const there = new Set(own.map((table) => table.participant));
    const absent = (contrast === undefined ? participants : contrast.participants.flat()).filter((participant) => !there.has(participant));
    if (absent.length > 0) said.push(`No region table of atlas ${analysis.seg} and method ${analysis.method} for ${absent.join(', ')}.`);
    tasks.push(
      allSubjectsTask(options.label, analysis, own, content !== undefined, provenance),
      groupStatsTask({ label: options.label, analysis, contrast, test: options.test, participants: [...there].sort(), provenance }),
    );
  }
  tasks.push(groupReportTask({ label: options.label, analyses, contrast, test: options.test, participants, notices: said, provenance }));
  return { tasks, notices: said, failures: [] };
}

/** All region tables of the participants that are wanted, by listing folders, in the order of their names. */
async function findTables(output: ObjectStore, options: GroupOptions, signal: AbortSignal | undefined): Promise<readonly SubjectTable[]> {
  const present = (await folders(output, '', signal)).filter((folder) => folder.startsWith('sub-')).map((folder) => folder.slice(4));
  const subjects = chooseParticipants(present, options.participantLabel, options.excludeParticipantLabel, output.uri).map((label) => `sub-${label}`);
  const perSubject = await Promise.all(subjects.map(async (participant) => {
    const inside = await folders(output, participant, signal);
    const sessions = inside.filter((folder) => folder.startsWith('ses-'));
    const places = [participant, ...sessions.map((session) => `${participant}/${session}`)].map((folder) => `${folder}/tabular`);
    const tables: SubjectTable[] = [];
    for (const place of places) {
      for await (const entry of output.list(place, { signal })) {
        const match = entry.kind === 'object' ? tableName.exec(entry.key) : null;
        if (match !== null) tables.push({ participant, path: entry.key, seg: match[1], template: match[2], method: match[3] });
      }
    }
    return tables;
  }));
  return perSubject.flat().sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Names of the folders in a folder. */
async function folders(store: ObjectStore, folder: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const entry of store.list(folder, { signal })) {
    if (entry.kind === 'folder') names.push(entry.key.replace(/\/$/, '').split('/').at(-1) ?? '');
  }
  return names.sort();
}

/** Keeps the tables of the template, atlases and methods that were asked for. */
function select(found: readonly SubjectTable[], options: GroupOptions, uri: string): { readonly tables: readonly SubjectTable[]; readonly notices: readonly string[] } {
  if (found.length === 0) {
    const some = options.participantLabel.length + options.excludeParticipantLabel.length > 0;
    throw new SpimquantError('not-found', `There are no region tables (…_mergedsegstats.tsv)${some ? ' of these participants' : ''} in ${uri}.`, {
      where: uri, hint: 'Run the participant level first, with the same output folder: spimquant <dataset> <output> participant',
    });
  }
  const notices: string[] = [];
  const templates = [...new Set(found.map((table) => table.template))].sort();
  let template = options.template;
  if (!templates.includes(template)) {
    if (templates.length > 1) throw new SpimquantError('bad-option', `No participant was registered to the template ${template}.`, { where: uri, hint: `Choose one with --template: ${templates.join(', ')}.` });
    [template] = templates;
    notices.push(`The participants' tables are of the template ${template}.`);
  }
  const keep = (all: readonly string[], wanted: readonly string[], what: string, flag: string): ReadonlySet<string> => {
    const present = [...new Set(all)].sort();
    const missing = wanted.filter((name) => !present.includes(name));
    if (missing.length === 0) return new Set(wanted.length === 0 ? present : wanted);
    throw new SpimquantError('bad-option', `No participant has tables of the ${what} ${missing.join(', ')}.`, { where: uri, hint: `With template ${template} there are: ${present.join(', ')}. Leave ${flag} out to take all.` });
  };
  const ofTemplate = found.filter((table) => table.template === template);
  const segs = keep(ofTemplate.map((table) => table.seg), options.atlasSegs, 'atlas', '--atlas_segs');
  const methods = keep(ofTemplate.map((table) => table.method), options.segMethod.map(({ name }) => name), 'segmentation method', '--seg_method');
  return { tables: ofTemplate.filter((table) => segs.has(table.seg) && methods.has(table.method)), notices };
}

function sameAnalysis(a: Analysis, b: Analysis): boolean {
  return a.seg === b.seg && a.template === b.template && a.method === b.method;
}

function distinct(tables: readonly SubjectTable[]): readonly Analysis[] {
  const analyses: Analysis[] = [];
  for (const { seg, template, method } of tables) {
    const analysis = { seg, template, method };
    if (!analyses.some((other) => sameAnalysis(other, analysis))) analyses.push(analysis);
  }
  return analyses.sort((a, b) => (groupPaths('', a, undefined).allSubjects() < groupPaths('', b, undefined).allSubjects() ? -1 : 1));
}

function repeatedImages(tables: readonly SubjectTable[]): readonly string[] {
  const several = new Set<string>();
  for (const [i, table] of tables.entries()) {
    if (tables.some((other, j) => j < i && other.participant === table.participant && sameAnalysis(other, table))) several.add(table.participant);
  }
  return several.size === 0 ? [] : [`Several images of one participant count once, with their mean: ${[...several].sort().join(', ')}.`];
}
