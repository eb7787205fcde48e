import type { CloudOptions, SpotPolicy } from '../protocol/cloud.ts';
import type { Given } from './given.ts';
import { bad } from './problem.ts';

/** The image that machines run where nothing is said: Node.js and a shell, nothing else. */
export const usualContainer = 'docker.io/library/node:24-bookworm-slim';

/** What is said of a cloud run's machines, with defaults. Throws `bad-option`. */
export function cloudOptions(given: Given): CloudOptions {
  const vmTypes = given.list<string>('cloud_vm_type');
  const [cpu, memoryBytes] = [given.one<number>('cloud_cpu'), given.one<number>('cloud_memory')];
  if (vmTypes.length > 0 && (cpu !== undefined || memoryBytes !== undefined)) {
    throw excluding('cloud_vm_type', cpu === undefined ? 'cloud_memory' : 'cloud_cpu', 'one names the machine, the other describes it');
  }
  for (const name of given.list<string>('cloud_env')) checkVariable(name);
  const disk = given.one<number>('cloud_disk') ?? 100e9;
  if (disk < 10e9) throw about('cloud_disk', 'must be at least 10GB', undefined);
  const [taskLimitMs, idleLimitMs] = [limit(given, 'cloud_timeout', 12 * hour), limit(given, 'cloud_idle', hour)];
  return {
    vmTypes, ...(cpu === undefined ? {} : { cpu }), ...(memoryBytes === undefined ? {} : { memoryBytes }),
    region: given.one<string>('cloud_region') ?? 'auto',
    spot: given.one<SpotPolicy>('cloud_spot') ?? 'spot_with_fallback',
    diskGigabytes: Math.ceil(disk / 1e9),
    workers: given.one<number>('cloud_workers') ?? 100,
    container: given.one<string>('cloud_container') ?? usualContainer,
    ...optional('workspace', given.one<string>('cloud_workspace')),
    tags: tagsOf(given.list<string>('cloud_tags')),
    env: [...new Set(given.list<string>('cloud_env'))],
    taskLimitMs, idleLimitMs,
    ...optional('maxDollars', given.one<number>('cloud_max_cost')),
    confirmAbove: given.one<number>('cloud_confirm_above') ?? 20,
    yes: given.on('cloud_yes'),
    ...optional('syncInput', given.one<string>('cloud_sync_input')),
    ...optional('output', given.one<string>('cloud_output')),
    ...optional('dollarsPerHour', given.one<number>('cloud_price')),
  };
}

const hour = 3_600_000;

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: Value };
}

/** Machines that never end are no option. */
function limit(given: Given, name: string, usual: number): number {
  const value = given.one<number>(name) ?? usual;
  if (!(value >= 60_000 && value <= 30 * 24 * hour)) throw about(name, 'must be a time from 1m to 30d: machines that nothing ends go on costing', undefined);
  return value;
}

function tagsOf(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(words.map((word) => {
    const [, key, value] = /^([A-Za-z0-9_.:/+@-]{1,128})=(.{0,256})$/.exec(word) ?? [];
    if (key === undefined) throw about('cloud_tags', 'must be KEY=VALUE, as in project=plaques', word);
    return [key, value];
  }));
}

function checkVariable(name: string): void {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return;
  // The value may be a secret: it is not repeated.
  if (name.includes('=')) throw bad('--cloud_env takes names only: the value comes from the environment, so that it stands in no command and no file.', `Set ${/^\w+/.exec(name)?.[0] ?? 'the variable'} in the environment, and give its name.`, { place: { kind: 'flag', name: 'cloud_env' } });
  throw about('cloud_env', 'must be names of variables, as in AWS_ACCESS_KEY_ID', name);
}

function excluding(one: string, other: string, why: string): Error {
  return bad(`--${one} and --${other} exclude each other: ${why}.`, undefined, { place: { kind: 'flag', name: other } });
}

function about(name: string, must: string, word: string | undefined): Error {
  return bad(`--${name} ${must}${word === undefined ? '' : `; ${JSON.stringify(word)} is not`}.`, undefined, { place: { kind: 'flag', name, ...(word === undefined ? {} : { value: word }) } });
}
