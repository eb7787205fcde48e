import { mkdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Everything an editor remembers, in one folder. */
export interface Profile {
  readonly folder: string;
  readonly userData: string;
  readonly serverData: string;
  readonly extensions: string;
  /** Folder, or file of a workspace with several, that the editor opens. */
  readonly workspace: string;
  /** Where SPIMquant keeps runs and its list of datasets. */
  readonly state: string;
  /** Keeps the editor and what it starts away from the person's own files. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a test or a first look needs: no welcome pages, no experiments, nothing asked of the network. */
export const quietSettings: Readonly<Record<string, unknown>> = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.tips.enabled': false,
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'security.workspace.trust.enabled': false,
  'git.enabled': false,
  'npm.fetchOnlinePackageInfo': false,
  'files.simpleDialog.enable': true,
  'editor.accessibilitySupport': 'off',
};

/** Settings of tests, which also keep what they see the same from run to run. */
export const testSettings: Readonly<Record<string, unknown>> = {
  ...quietSettings,
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.reduceMotion': 'on',
  'editor.cursorBlinking': 'solid',
};

/**
 * Makes the folders of a profile; settings that are there already stay as they are. `several`: the workspace is one to
 * which folders can be added without a new window.
 */
export async function makeProfile(folder: string, settings: Readonly<Record<string, unknown>>, workspace: string = join(folder, 'workspace'), several = false): Promise<Profile> {
  const profile: Profile = {
    folder,
    userData: join(folder, 'user'),
    serverData: join(folder, 'server'),
    extensions: join(folder, 'extensions'),
    workspace: several ? join(folder, 'test.code-workspace') : workspace,
    state: join(folder, 'state'),
    env: {
      HOME: join(folder, 'home'),
      SPIMQUANT_STATE_DIR: join(folder, 'state'),
      XDG_CACHE_HOME: join(folder, 'home/.cache'),
      XDG_CONFIG_HOME: join(folder, 'home/.config'),
      XDG_DATA_HOME: join(folder, 'home/.local/share'),
      XDG_STATE_HOME: join(folder, 'home/.local/state'),
    },
  };
  const user = join(profile.userData, 'User');
  for (const needed of [user, profile.serverData, profile.extensions, workspace, join(folder, 'home')]) await mkdir(needed, { recursive: true });
  if (several) await writeFile(profile.workspace, JSON.stringify({ folders: [{ path: workspace }] }));
  const file = join(user, 'settings.json');
  if (!existsSync(file)) await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`);
  return profile;
}
