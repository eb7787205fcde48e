import { homedir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../storage/open.ts';
import type { StorageOptions } from '../storage/objectStore.ts';
import { mirrored, registeredTemplate } from './registry.ts';
import type { ResolvedTemplate } from './template.types.ts';
import { resolveTemplateDir } from './templateDir.ts';

export interface ResolveOptions {
  /** A folder or URI with `tpl-<name>_…` files; overrides the registry. */
  readonly templateDir?: string;
  /** How to reach it when it is a bucket. */
  readonly storage?: StorageOptions;
  /** Where registered templates are downloaded from instead of their publishers. Default: SPIMQUANT_TEMPLATE_MIRROR. */
  readonly mirror?: string;
  readonly signal?: AbortSignal;
}

/**
 * Finds a template by name: in the folder given, or among the registered ones. Downloads nothing: that is done when the
 * template is imported.
 *
 * @throws SpimquantError `bad-option` for an unknown name, `bad-template` for a folder that lacks what is needed
 */
export async function resolveTemplate(name: string, options: ResolveOptions = {}): Promise<ResolvedTemplate> {
  if (options.templateDir !== undefined) return resolveTemplateDir(openStore(options.templateDir, options.storage), name, options.signal);
  const mirror = options.mirror ?? process.env.SPIMQUANT_TEMPLATE_MIRROR;
  const template = registeredTemplate(name);
  return mirror === undefined || mirror === '' ? template : mirrored(template, mirror);
}

/** What the cache folder depends on; see {@link templateCacheFolder}. */
export interface CacheEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

/**
 * Folder in which downloaded templates are kept, the root of the place `templates`: `templates` in
 * SPIMQUANT_CACHE_DIR, else `spimquant/templates` in the user's cache folder as the platform has it.
 */
export function templateCacheFolder(from: CacheEnvironment = { env: process.env, platform: process.platform, home: homedir() }): string {
  const { env, platform, home } = from;
  if (env.SPIMQUANT_CACHE_DIR) return join(env.SPIMQUANT_CACHE_DIR, 'templates');
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'spimquant', 'templates');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'spimquant', 'cache', 'templates');
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'spimquant', 'templates');
  return join(home, '.cache', 'spimquant', 'templates');
}
