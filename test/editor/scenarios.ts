/** How a phase ends. */
export type Transition =
  /** The suite ends by itself. Only for the last phase. */
  | 'end'
  /** The window is loaded anew in the middle of whatever goes on. */
  | 'reload'
  /** The window is closed, and another one opened. */
  | 'reopen'
  /** The extension host is killed, and the window loaded anew. */
  | 'killHost'
  /** The editor's server is killed with everything below it, and started again, as after a broken connection. */
  | 'restart';

export interface Phase {
  readonly name: string;
  readonly then: Transition;
}

/** Windows that come after each other on one profile. */
export interface Scenario {
  readonly name: string;
  /** Suites without `.test.ts`; undefined: every suite that no other scenario names. */
  readonly suites?: readonly string[];
  readonly phases: readonly Phase[];
  /** What is loaded: the packaged extension, the folder as it is developed, or neither. */
  readonly extension: 'vsix' | 'folder' | 'none';
  /** Whether the window opens a workspace of several folders. Where it has one, another one makes a new window. */
  readonly severalFolders?: boolean;
  /** It measures, so that nothing else runs at the same time. */
  readonly alone?: boolean;
  /** Longest that one phase may take. */
  readonly limitMs?: number;
}

/** A new user's first half hour: the run that is started in the first window has to outlive all that follows. */
const newUser: readonly Phase[] = [
  { name: 'first look', then: 'reload' },
  { name: 'after a reload', then: 'killHost' },
  { name: 'after a crash of the extension host', then: 'restart' },
  { name: 'after a broken connection', then: 'reopen' },
  { name: 'in another window', then: 'end' },
];

/** Windows in which the time of a first use is measured. */
const windows: readonly Phase[] = [{ name: 'window 1', then: 'reopen' }, { name: 'window 2', then: 'reopen' }, { name: 'window 3', then: 'end' }];

const one: readonly Phase[] = [{ name: 'only', then: 'end' }];

/** All that `npm test` runs, the longest first: two run at a time. */
export const scenarios: readonly Scenario[] = [
  { name: 'main', phases: one, extension: 'vsix', limitMs: 600_000 },
  { name: 'outputs', suites: ['outputs'], phases: [{ name: 'first look', then: 'reload' }, { name: 'after a reload', then: 'end' }], extension: 'vsix', limitMs: 900_000 },
  { name: 'new-user', suites: ['newUserFirstLook', 'newUserReload'], phases: newUser, extension: 'vsix', limitMs: 600_000 },
  { name: 'cloud-run', suites: ['cloudRun'], phases: [{ name: 'before', then: 'reload' }, { name: 'after', then: 'end' }], extension: 'vsix', limitMs: 300_000 },
  { name: 'renderer', suites: ['renderer'], phases: [{ name: 'first look', then: 'reload' }, { name: 'after a reload', then: 'end' }], extension: 'vsix', limitMs: 600_000 },
  { name: 'viewer', suites: ['viewer', 'viewerTogether'], phases: one, extension: 'vsix', limitMs: 600_000 },
  { name: 'buckets', suites: ['addBucket', 'bucketFiles'], phases: one, extension: 'vsix', severalFolders: true },
  { name: 'transfers', suites: ['transfers'], phases: one, extension: 'vsix' },
  { name: 'large-dataset', suites: ['largeDataset'], phases: [{ name: 'first look', then: 'reload' }, { name: 'after a reload', then: 'end' }], extension: 'vsix' },
  { name: 'coiled', suites: ['coiled'], phases: one, extension: 'vsix' },
  { name: 'viewer-reload', suites: ['viewerReload'], phases: [{ name: 'before', then: 'reload' }, { name: 'after', then: 'end' }], extension: 'vsix' },
  { name: 'activation', suites: ['activation'], phases: windows, extension: 'vsix', alone: true },
  { name: 'folder', suites: ['developmentFolder'], phases: one, extension: 'folder' },
];

/** Run only when they are named: the pictures of the documentation, and suites that must be red, each in its way. */
export const namedScenarios: readonly Scenario[] = [
  { name: 'pictures', suites: ['pictures', 'picturesRun', 'picturesViewer', 'picturesOutputs'], phases: one, extension: 'vsix', limitMs: 1_200_000 },
  ...['failing', 'crashing', 'killed', 'empty'].map((name): Scenario => (
    { name: `red-${name}`, suites: [`driver/${name}`], phases: one, extension: 'none', limitMs: 60_000 }
  )),
];
