import { parseCores, parseSize } from '../../runner/command/values.ts';
import { SpimquantError } from '../../runner/protocol/errors.ts';

/** Ids of all settings; contributed by package.json. Nothing else names them. */
export const settingIds = {
  nodePath: 'spimquant.runner.nodePath',
  cores: 'spimquant.runner.cores',
  memory: 'spimquant.runner.memory',
  idleMinutes: 'spimquant.runner.idleMinutes',
  resourceInterval: 'spimquant.resources.interval',
  notify: 'spimquant.runs.notify',
  maximumFileSize: 'spimquant.files.maximumSize',
  folderLimit: 'spimquant.files.folderLimit',
  filesWritable: 'spimquant.files.writable',
  coiledServer: 'spimquant.coiled.server',
  coiledWorkspace: 'spimquant.coiled.workspace',
} as const;

/** Settings of cloud machines: defaults of the flags that they are called like (`flagOfSetting`). */
const cloudIds = [
  'spimquant.cloud.vmType',
  'spimquant.cloud.cpu',
  'spimquant.cloud.memory',
  'spimquant.cloud.region',
  'spimquant.cloud.spot',
  'spimquant.cloud.disk',
  'spimquant.cloud.workers',
  'spimquant.cloud.container',
  'spimquant.cloud.tags',
  'spimquant.cloud.env',
  'spimquant.cloud.timeout',
  'spimquant.cloud.idle',
  'spimquant.cloud.maxCost',
  'spimquant.cloud.confirmAbove',
  'spimquant.cloud.price',
] as const;

export type SettingName = keyof typeof settingIds;

/** The user's settings, checked when they are used: a bad value throws `bad-option` with the setting's id as `where`. */
export interface Settings {
  /** Path of the Node program; undefined: the editor's own. */
  nodePath(): string | undefined;
  cores(): number | 'all';
  /** Bytes; undefined: left to the runner. */
  memoryBytes(): number | undefined;
  idleMinutes(): number;
  /** Milliseconds between two samples. */
  resourceIntervalMs(): number;
  notify(): boolean;
  /** Bytes of a file of a bucket that is fetched to be shown, at most. */
  maximumFileBytes(): number;
  /** Entries of a folder of a bucket that are shown, at most. */
  folderLimit(): number;
  /** Whether files of buckets can be changed in the editor. */
  filesWritable(): boolean;
  /** Undefined: as Coiled's own settings have it. */
  coiledServer(): string | undefined;
  coiledWorkspace(): string | undefined;
  /** What is said of cloud machines, as words of flags by the name of the flag. The runner checks them. */
  cloud(): Readonly<Record<string, readonly string[]>>;
}

/** Settings over whatever holds them. `get` answers the raw value of a setting's full id. */
export function settingsFrom(get: (id: string) => unknown): Settings {
  const text = (name: SettingName): string => {
    const value = get(settingIds[name]) ?? '';
    if (typeof value !== 'string') throw badSetting(name, 'must be text');
    return value.trim();
  };
  const within = (name: SettingName, least: number, most: number): number => {
    const value = get(settingIds[name]);
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      throw badSetting(name, most === Infinity ? `must be a number of at least ${least}` : `must be a number from ${least} to ${most}`);
    }
    return value;
  };
  return {
    nodePath: () => text('nodePath') || undefined,
    cores: () => {
      const value = get(settingIds.cores) ?? 'all';
      return typeof value === 'string' || typeof value === 'number' ? checked('cores', () => parseCores(String(value).trim())) : checked('cores', () => parseCores(''));
    },
    memoryBytes: () => {
      const size = text('memory');
      return size === '' ? undefined : checked('memory', () => parseSize(size));
    },
    idleMinutes: () => within('idleMinutes', 0.05, Infinity),
    resourceIntervalMs: () => 1000 * within('resourceInterval', 0.25, 60),
    notify: () => get(settingIds.notify) !== false,
    maximumFileBytes: () => 1e6 * within('maximumFileSize', 1, 1000),
    folderLimit: () => Math.floor(within('folderLimit', 100, 10_000)),
    filesWritable: () => get(settingIds.filesWritable) === true,
    coiledServer: () => text('coiledServer') || undefined,
    coiledWorkspace: () => text('coiledWorkspace') || undefined,
    cloud: () => Object.fromEntries(cloudIds.flatMap((id) => {
      const words = wordsOf(id, get(id));
      return words.length === 0 ? [] : [[flagOfSetting(id), words]];
    })),
  };
}

/** The flag that a setting of cloud machines gives the default for. */
function flagOfSetting(id: string): string {
  return `cloud_${id.replace(/^spimquant\.cloud\./, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}

function wordsOf(id: string, value: unknown): readonly string[] {
  const words = value === undefined || value === null ? [] : Array.isArray(value) ? value as readonly unknown[] : [value];
  return words.flatMap((word) => {
    if (typeof word !== 'string' && typeof word !== 'number') throw refused(id, 'must be text, numbers, or a list of texts');
    const text = String(word).trim();
    return text === '' ? [] : [text];
  });
}

function checked<T>(name: SettingName, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw badSetting(name, error instanceof Error ? error.message : String(error));
  }
}

function badSetting(name: SettingName, rule: string): SpimquantError {
  return refused(settingIds[name], rule);
}

function refused(id: string, rule: string): SpimquantError {
  return new SpimquantError('bad-option', `The setting ${id} ${rule}.`, { where: id, hint: 'Change it in the settings and try again.' });
}
