import { join } from 'node:path';

/** What the place of the state depends on. */
export interface StateSystem {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's home folder. */
  readonly home: string;
}

/** The folder for runs and other state: `$SPIMQUANT_STATE_DIR`, else below `$XDG_STATE_HOME`, else `~/.local/state`. */
export function stateFolderOf({ env, platform, home }: StateSystem): string {
  if (env.SPIMQUANT_STATE_DIR) return env.SPIMQUANT_STATE_DIR;
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'spimquant', 'state');
  return join(env.XDG_STATE_HOME || join(home, '.local', 'state'), 'spimquant');
}

/** Private folder of the runner of one machine. Home folders are often shared by several, each of which has its own. */
export function runnerFolderOf(state: string, host: string): string {
  return join(state, 'runner', host.replace(/[^\w.-]/g, '_') || 'localhost');
}

/** Name of the file in the runner's folder that says where it listens: a RunnerAddress. */
export const addressFile = 'runner.json';

/** Name of the folder in a copy of the program in which processes note that they run from it. */
export const usersFolder = 'users';
