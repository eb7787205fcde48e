import { SpimquantError } from '../protocol/errors.ts';
import { filterTests } from '../protocol/outputs.ts';
import { storageFields } from '../protocol/storageChoice.ts';
import type { RequestName, Requests } from '../protocol/rpc.ts';

/** Whether a value has the form that a parameter needs; says what is wrong with it, or nothing. */
type Check = (value: unknown, name: string) => string | undefined;

const text: Check = (value, name) => (typeof value === 'string' ? undefined : `${name} must be a text`);
const flag: Check = (value, name) => (typeof value === 'boolean' ? undefined : `${name} must be true or false`);
const count: Check = (value, name) => (Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : `${name} must be a whole number, 0 or more`);
const wholeNumber: Check = (value, name) => (Number.isSafeInteger(value) ? undefined : `${name} must be a whole number`);
const someCount: Check = (value, name) => (Number.isSafeInteger(value) && (value as number) > 0 ? undefined : `${name} must be a whole number above 0`);
/** Ids name folders: nothing else may get in. */
const runId: Check = (value, name) => (typeof value === 'string' && /^[\w-]{1,80}$/.test(value) ? undefined : `${name} must be the id of a run`);
const cores: Check = (value, name) => (value === 'all' ? undefined : someCount(value, name));

function optional(check: Check): Check {
  return (value, name) => (value === undefined || value === null ? undefined : check(value, name));
}

const texts: Check = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${name} must be an object`;
  for (const [key, item] of Object.entries(value)) if (typeof item !== 'string') return `${name}.${key} must be a text`;
  return undefined;
};

function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, name) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${name} must be an object`;
    for (const [key, check] of Object.entries(fields)) {
      const wrong = check((value as Readonly<Record<string, unknown>>)[key], `${name}.${key}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

const storage = object(Object.fromEntries(Object.entries(storageFields).map(([field, { kind }]) => [field, optional(kind === 'switch' ? flag : text)])));
const dataset = object({ uri: text, storage });
const triple: Check = (value, name) => (Array.isArray(value) && value.length === 3 ? value.map((item, i) => count(item, `${name}[${i}]`)).find((wrong) => wrong !== undefined) : `${name} must be three whole numbers`);
/** Images with more channels than that are not looked at all at once. */
const channels: Check = (value, name) => {
  if (!Array.isArray(value) || value.length === 0 || value.length > 64) return `${name} must be a list of 1 to 64 channels`;
  return value.map((item, i) => count(item, `${name}[${i}]`)).find((wrong) => wrong !== undefined);
};
const axis: Check = (value, name) => (value === 0 || value === 1 || value === 2 ? undefined : `${name} must be 0, 1 or 2`);
const image = object({ uri: text, storage });
const piece = object({ level: count, axis, index: count, x: count, y: count, slab: someCount });
const nothing = object({});
const coiled = optional(object({ token: optional(text), server: optional(text), workspace: optional(text) }));
const run = object({ id: runId });
const logLevel: Check = (value, name) => (value === 'warn' || value === 'error' ? undefined : `${name} must be warn or error`);
const logQuery = object({ level: optional(logLevel), task: optional(text), scope: optional(text), text: optional(text) });

function listOf(check: Check, most: number): Check {
  return (value, name) => {
    if (!Array.isArray(value) || value.length > most) return `${name} must be a list of at most ${most}`;
    return value.map((item, i) => check(item, `${name}[${i}]`)).find((wrong) => wrong !== undefined);
  };
}
const outputs = object({ uri: text, storage });
const amount: Check = (value, name) => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? undefined : `${name} must be a number, 0 or more`);
const words: Check = (value, name) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${name} must be an object`;
  return Object.entries(value).map(([key, item]) => listOf(text, 1000)(item, `${name}.${key}`)).find((wrong) => wrong !== undefined);
};
const filterTest: Check = (value, name) => ((filterTests as readonly unknown[]).includes(value) ? undefined : `${name} must be one of ${filterTests.join(', ')}`);
const delimiter: Check = (value, name) => (value === ',' || value === '\t' ? undefined : `${name} must be a comma or a tab`);
const tableQuery = object({ search: text, filters: listOf(object({ column: text, test: filterTest, value: text }), 200), sort: listOf(object({ column: text, descending: flag }), 20) });

/** Every request has its parameters' form here, so that none is forgotten. */
const forms: { readonly [N in RequestName]: Check } = {
  'hello': object({ token: text, protocol: count, version: text, build: text, env: optional(texts) }),
  'runner.ping': nothing,
  'runner.stop': nothing,
  'runs.start': object({
    id: runId, text, cwd: text, origin: optional(object({ notebook: text, cell: text })), cores: optional(cores), memoryBytes: optional(someCount), cloud: optional(words), agreedCost: optional(object({ dollars: optional(amount), machineHours: amount })), coiled,
  }),
  'runs.list': object({ limit: someCount, before: optional(runId) }),
  'runs.follow': object({ id: runId, after: count }),
  'runs.unfollow': run,
  'runs.cancel': run,
  'runs.resume': run,
  'runs.endMachines': object({ id: runId, coiled }),
  'runs.takeUp': object({ id: runId, coiled }),
  'runs.delete': run,
  'runs.log': object({ id: runId, from: count, limit: someCount }),
  'runs.lines': object({ id: runId, query: logQuery, from: wholeNumber, count: someCount }),
  'runs.nextError': object({ id: runId, query: logQuery, from: wholeNumber, backwards: flag }),
  'runs.tasks': object({ id: runId, since: count }),
  'runs.resources': object({ id: runId, points: someCount, hosts: optional(listOf(text, 100)) }),
  'runs.outputs': run,
  'explore': object({ text, cwd: text, token: text, coiled }),
  'datasets.list': nothing,
  'datasets.add': object({ dataset, force: optional(flag) }),
  'datasets.remove': object({ uri: text }),
  'datasets.describe': object({ dataset, refresh: optional(flag) }),
  'datasets.participants': object({ dataset, offset: count, limit: someCount, search: optional(text), labelsOnly: optional(flag) }),
  'datasets.ranges': object({ dataset, size: someCount, search: optional(text) }),
  'datasets.counting': object({ dataset, on: flag }),
  'datasets.check': object({ dataset }),
  'datasets.columns': object({ dataset }),
  'datasets.participant': object({ dataset, label: text, refresh: optional(flag) }),
  'datasets.image': object({ dataset, path: text, refresh: optional(flag) }),
  'datasets.derivatives': object({ dataset }),
  'storage.complete': object({ prefix: text, cwd: text, limit: someCount, storage: optional(storage) }),
  'storage.stat': object({ uri: text, storage: optional(storage) }),
  'storage.list': object({ uri: text, limit: someCount, storage: optional(storage), continuation: optional(text) }),
  'storage.read': object({ uri: text, maxBytes: someCount, range: optional(object({ offset: count, length: count })), ifVersion: optional(text), storage: optional(storage) }),
  'storage.write': object({ uri: text, base64: text, ifVersion: optional(text), storage: optional(storage) }),
  'credentials.choices': nothing,
  'credentials.check': object({ dataset: optional(dataset), coiled }),
  'image.prepare': object({ image }),
  'image.open': object({ image, pixels: someCount, channels: someCount, table: optional(text) }),
  'image.piece': object({ image, piece, channels, over: optional(image), smooth: optional(flag) }),
  'image.voxel': object({ image, voxel: triple, channels }),
  'image.histogram': object({ image, channel: count }),
  'image.related': object({ image }),
  'image.volume': object({ image, channels, voxels: someCount }),
  'outputs.list': object({ folder: outputs, dataset: optional(outputs) }),
  'outputs.participants': object({ folder: outputs, labels: listOf(text, 64) }),
  'outputs.rows': object({ folder: outputs, path: text, version: optional(text), query: tableQuery, from: count, count: someCount }),
  'outputs.export': object({ folder: outputs, path: text, version: optional(text), query: tableQuery, delimiter }),
  'outputs.regions': object({ folder: outputs, paths: listOf(object({ path: text, version: optional(text) }), 2000), column: optional(text) }),
  'resources.watch': object({ intervalMs: count }),
};

/** The parameters of a request, if they have its form. Throws `bad-option` that names what has not. */
export function checkParameters<N extends RequestName>(name: N, params: unknown): Requests[N]['params'] {
  const wrong = forms[name](params ?? {}, name);
  if (wrong !== undefined) throw new SpimquantError('bad-option', `The request makes no sense: ${wrong}.`);
  return params ?? {};
}
