import { readdirSync, statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Notices changes of files and of what is directly in folders, whether they exist yet or not. The system's notice comes at
 * once where there is one; {@link FilesWatch.changed} finds out by looking, which works on network folders as well.
 */
export class FilesWatch {
  readonly #paths: readonly string[];
  readonly #watchers: FSWatcher[] = [];
  #signature: string;

  /** @param nudge called when it is worth asking {@link FilesWatch.changed}; may come often and for nothing. Left out: the system is not asked to tell */
  constructor(paths: readonly string[], nudge?: () => void) {
    this.#paths = paths;
    this.#signature = this.#look();
    if (nudge === undefined) return;
    // Folders, because files are replaced by renaming others.
    for (const folder of new Set(paths.flatMap((path) => [dirname(path), path]))) {
      const names = new Set(paths.filter((path) => dirname(path) === folder).map((path) => basename(path)));
      const all = paths.includes(folder);
      try {
        if (!statSync(folder).isDirectory()) continue;
        const watcher = watch(folder, { persistent: false }, (_event, name) => { if (all || name === null || names.has(name)) nudge(); });
        watcher.on('error', () => undefined);
        this.#watchers.push(watcher);
      } catch {
        // Not there yet, or too many watchers.
      }
    }
  }

  /** Whether anything is otherwise than when this was last asked. */
  changed(): boolean {
    const now = this.#look();
    if (now === this.#signature) return false;
    this.#signature = now;
    return true;
  }

  dispose(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #look(): string {
    return this.#paths.map(signatureOf).join('\n');
  }
}

function signatureOf(path: string): string {
  try {
    const found = statSync(path);
    if (!found.isDirectory()) return `${found.size}:${found.mtimeMs}:${found.ino}`;
    return readdirSync(path).sort().map((name) => {
      try {
        const { size, mtimeMs } = statSync(join(path, name));
        return `${name}:${size}:${mtimeMs}`;
      } catch {
        return name;
      }
    }).join(' ');
  } catch {
    return 'none';
  }
}
