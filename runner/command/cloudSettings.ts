import type { JsonObject } from '../protocol/json.ts';
import { cloudFlags } from './cloudFlags.ts';
import type { Flag } from './flag.types.ts';
import { arityOf, written } from './flags.ts';
import type { Values } from './given.ts';
import { checkChoices } from './given.ts';
import { CommandError, refuse } from './problem.ts';
import type { Tell } from './problem.ts';
import { convertAll } from './read.ts';

/** What settings say of cloud machines: words of flags, by the name of the flag. What says nothing is left out. */
export type CloudDefaults = Readonly<Record<string, readonly string[]>>;

/** Flags without a setting: agreement is given to one run, places are of one run, and the workspace has a setting of its own, beside the sign-in. */
const without: readonly string[] = ['cloud_yes', 'cloud_sync_input', 'cloud_output', 'cloud_workspace'];

/** Flags of cloud machines that a setting gives a default for, in the order of the settings. */
export const cloudSettingFlags: readonly Flag[] = cloudFlags.filter(({ name }) => !without.includes(name));

/**
 * Settings that a folder cannot set, only the user: those that let more money be spent unasked, and that name what is taken
 * from the user's environment.
 */
const ownOnly: readonly string[] = ['cloud_env', 'cloud_max_cost', 'cloud_confirm_above', 'cloud_price'];

/** The machine is named, or it is described: whoever says one on the command line has said enough. */
const machine: readonly string[] = ['cloud_vm_type', 'cloud_cpu', 'cloud_memory'];

/** The setting that gives a flag's default: `spimquant.cloud.vmType` of `cloud_vm_type`. */
export function settingOfFlag(name: string): string {
  return `spimquant.cloud.${name.replace(/^cloud_/, '').replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
}

/** The settings as package.json contributes them, by their ids. */
export function cloudSettingContributions(): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(cloudSettingFlags.map((flag, index) => [settingOfFlag(flag.name), contribution(flag, 30 + index)]));
}

/** Ids of settings that a folder may set once it is trusted, and not before. */
export function restrictedCloudSettings(): readonly string[] {
  return cloudSettingFlags.filter(({ name }) => !ownOnly.includes(name)).map(({ name }) => settingOfFlag(name));
}

function contribution(flag: Flag, order: number): JsonObject {
  const isChoice = flag.value.kind === 'text' && flag.value.choices !== undefined;
  const otherwise = isChoice ? '' : flag.default === undefined ? ' Empty: nothing.' : ` Empty: ${flag.default}.`;
  return {
    ...shape(flag), scope: ownOnly.includes(flag.name) ? 'machine' : 'machine-overridable', order,
    markdownDescription: `${flag.help} Where a command with \`--cloud\` does not say \`${written(flag.name)}\`.${otherwise}`,
  };
}

function shape(flag: Flag): JsonObject {
  const { value } = flag;
  if (flag.arity === 'many') return { type: 'array', items: { type: 'string' }, uniqueItems: true, default: [] };
  if (value.kind === 'integer' || value.kind === 'number') {
    return { type: [value.kind, 'null'], ...(value.min === undefined ? {} : { minimum: value.min }), ...(value.max === undefined ? {} : { maximum: value.max }), default: null };
  }
  if (value.kind === 'text' && value.choices !== undefined) return { type: 'string', enum: value.choices, default: flag.default ?? value.choices[0] };
  return { type: 'string', default: '' };
}

/**
 * A command's values with those of settings where it says nothing. Only of runs on cloud machines: the others need none.
 * Throws `bad-option` naming the setting.
 */
export function withCloudDefaults(values: Values, defaults: CloudDefaults | undefined): Values {
  if (defaults === undefined || values.get('cloud')?.[0] !== true) return values;
  const merged = new Map(values);
  const isDescribed = machine.some((name) => values.has(name));
  for (const flag of cloudSettingFlags) {
    const words = defaults[flag.name];
    if (words === undefined || words.length === 0 || values.has(flag.name) || (isDescribed && machine.includes(flag.name))) continue;
    const id = settingOfFlag(flag.name);
    // Told as a fault of the setting, not of the command.
    const tell: Tell = ({ message, hint }) => { refuse(new CommandError(message, { where: id, hint: hint ?? 'Change it in the settings and try again.' })); };
    const given = convertAll(flag, arityOf(flag) === 'many' ? words : words.slice(0, 1), `The setting ${id}`, tell);
    if (given === undefined) continue;
    checkChoices(new Map([[flag.name, given]]), [flag], tell);
    merged.set(flag.name, given);
  }
  return merged;
}
