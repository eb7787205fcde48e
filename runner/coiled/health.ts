import type { HealthCheck, ServiceHealth, ServiceIdentity } from '../protocol/health.ts';
import { reportError, SpimquantError } from '../protocol/errors.ts';
import { bare } from '../storage/health/bare.ts';
import { check, hastySurroundings, unforeseen } from '../storage/health/examination.ts';
import type { ExaminationContext, Found, Trouble } from '../storage/health/examination.ts';
import { reachTrouble } from '../storage/health/reach.ts';
import { problem } from '../storage/health/remedies.ts';
import type { Known } from '../storage/health/remedies.ts';
import { examine, someOf } from '../storage/health/trials.ts';
import type { Examined } from '../storage/health/trials.ts';
import { HttpCoiledClient } from './client.ts';
import type { CoiledClient, CoiledCloud, CoiledUser, CoiledWorkspace } from './client.types.ts';
import { CoiledLineFault, CoiledRefusal } from './errors.ts';
import { coiledSettings, requiredToken, usualServer } from './settings.ts';
import type { GivenSettings } from './settings.ts';
import type { CoiledSettings, CoiledToken } from './token.types.ts';
import { chooseWorkspace } from './workspaces.ts';

const clouds: Readonly<Record<CoiledCloud['provider'], string>> = { aws: 'Amazon Web Services', gcp: 'Google Cloud', azure: 'Microsoft Azure', other: 'another cloud' };

/**
 * Who we are at Coiled, and whether machines can be had there: token, workspace, cloud, credits, types of machines. Nothing
 * is made. Rejects with `cancelled`, and never with anything else.
 *
 * @param asked whether Coiled was asked about; else that nobody is signed in there is no trouble
 */
export async function examineCoiled(context: ExaminationContext, asked: boolean, given: GivenSettings = {}): Promise<ServiceHealth> {
  let settings: CoiledSettings | undefined;
  const set = await check('sign-in', context, {}, async () => {
    settings = await coiledSettings(context.env, given);
    return '';
  }, (error) => (error instanceof SpimquantError && error.code === 'bad-option' ? { said: error.message, problem: problem('coiled-server') } : unforeseen(error)));
  if (settings === undefined) return { scheme: 'coiled', title: 'Coiled', status: 'ill', checks: [set] };
  const examined = new ExaminedCoiled(settings, asked, context);
  try {
    return await examine(examined, context);
  } finally {
    examined.dispose();
  }
}

class ExaminedCoiled implements Examined {
  readonly scheme = 'coiled';
  readonly title: string;
  readonly endpoint: string;
  readonly #settings: CoiledSettings;
  readonly #asked: boolean;
  readonly #context: ExaminationContext;
  readonly #client: CoiledClient & { dispose(): void };
  #user: CoiledUser | undefined;
  #workspaces: readonly CoiledWorkspace[] = [];
  #workspace: CoiledWorkspace | undefined;
  #cloud: CoiledCloud | undefined;

  constructor(settings: CoiledSettings, asked: boolean, context: ExaminationContext) {
    this.#settings = settings;
    this.#asked = asked;
    this.#context = context;
    this.endpoint = settings.server;
    this.title = settings.server === usualServer ? 'Coiled' : `Coiled at ${new URL(settings.server).host}`;
    this.#client = new HttpCoiledClient({ server: settings.server, env: context.env, token: async () => requiredToken(settings), surroundings: hastySurroundings(context.patienceMs) }, bare);
  }

  dispose(): void {
    this.#client.dispose();
  }

  isUnused({ problem: found }: HealthCheck): boolean {
    return !this.#asked && found?.remedy === 'coiled-none';
  }

  identity(): ServiceIdentity | undefined {
    const { token } = this.#settings;
    if (token === undefined) return undefined;
    return { source: sourceWords(token), ...(this.#user === undefined ? {} : { name: this.#user.name }), ...(this.#workspace === undefined ? {} : { account: this.#workspace.slug }) };
  }

  region(): string | undefined {
    return this.#cloud?.region;
  }

  get #known(): Known {
    const { token } = this.#settings;
    return {
      endpoint: this.endpoint, workspace: this.#workspace?.slug, ...(token?.source.kind === 'variable' ? { variable: token.source.name } : {}),
      ...(this.#workspaces.length === 0 ? {} : { workspaces: this.#workspaces.map(({ slug }) => slug).join(', ') }),
    };
  }

  async signIn(): Promise<HealthCheck> {
    return check('sign-in', this.#context, this.#known, async (signal): Promise<Found> => {
      const { token } = this.#settings;
      if (token === undefined) return { outcome: 'no', said: 'No token was found: not in DASK_COILED__TOKEN, not in the editor, and not where "coiled login" writes it.', problem: problem('coiled-none') };
      try {
        requiredToken(this.#settings);
      } catch (error) {
        return { outcome: 'no', said: reportError(error).message, problem: problem('coiled-form') };
      }
      this.#user = await this.#client.user(signal);
      return `Token found: ${sourceWords(token)}.`;
    }, (error) => this.#trouble(error));
  }

  async identify(): Promise<readonly HealthCheck[]> {
    return [{ name: 'identity', outcome: 'yes', said: `${this.#user?.name ?? ''}.` }];
  }

  async tryThings(): Promise<readonly HealthCheck[]> {
    const workspace = await check('workspace', this.#context, this.#known, async (signal): Promise<Found> => this.#findWorkspace(signal), (error) => this.#trouble(error));
    const found = this.#workspace;
    if (found === undefined) return [workspace];
    const [cloud, quota] = await Promise.all([
      check('cloud', this.#context, this.#known, async (signal) => this.#lookAtCloud(found, signal), (error) => this.#trouble(error)),
      check('quota', this.#context, this.#known, async (signal): Promise<Found> => ((await this.#client.hasQuota(found.slug, signal))
        ? 'There are some left; Coiled does not say how many.' : { outcome: 'no', said: 'They are used up: no machine can be had.', problem: problem('coiled-quota', this.#known) }), (error) => this.#trouble(error)),
    ]);
    if (cloud.outcome !== 'yes') return [workspace, cloud, quota];
    return [workspace, cloud, quota, await check('machines', this.#context, this.#known, async (signal) => this.#lookAtMachines(signal), (error) => this.#trouble(error))];
  }

  async #findWorkspace(signal: AbortSignal): Promise<Found> {
    const user = this.#user ?? await this.#client.user(signal);
    this.#workspaces = await this.#client.workspaces(signal);
    try {
      this.#workspace = chooseWorkspace(this.#settings.workspace, user, this.#workspaces);
    } catch (error) {
      return { outcome: 'no', said: reportError(error).message, problem: problem(this.#workspaces.length === 0 ? 'coiled-no-workspace' : 'coiled-workspace', this.#known) };
    }
    const others = this.#workspaces.filter((each) => each !== this.#workspace).map(({ slug }) => slug);
    const why = this.#settings.workspace === undefined ? 'your default' : 'as it is set';
    return `${this.#workspace.slug}, ${why}${this.#workspace.isAdmin ? '; you administer it' : ''}.${others.length === 0 ? '' : ` Others: ${someOf(others)}`}`;
  }

  async #lookAtCloud({ slug }: CoiledWorkspace, signal: AbortSignal): Promise<Found> {
    const cloud = await this.#client.cloud(slug, signal);
    if (cloud.backend === '') return { outcome: 'no', said: 'None is set up.', problem: problem('coiled-cloud', this.#known) };
    this.#cloud = cloud;
    if (cloud.provider === 'other') return { outcome: 'no', said: `It is ${cloud.backend}, which is not known here.`, problem: problem('coiled-other-cloud', this.#known) };
    return `${clouds[cloud.provider]}; ${cloud.region === undefined ? 'Coiled does not tell the usual region. Runs go to the region of their bucket.' : `usual region ${cloud.region}. Runs go to the region of their bucket.`}`;
  }

  async #lookAtMachines(signal: AbortSignal): Promise<Found> {
    const provider = this.#cloud?.provider ?? 'other';
    const types = await this.#client.instanceTypes({ provider, cores: { atLeast: 4, atMost: 16 } }, signal);
    if (types.length === 0) return { outcome: 'unknown', said: 'Coiled names no type of machine with 4 to 16 cores.' };
    return `${types.length} types with 4 to 16 cores, such as ${someOf(types.slice(0, 3).map(({ name }) => name))}`;
  }

  #trouble(error: unknown): Trouble {
    if (error instanceof CoiledRefusal) return this.#refused(error);
    if (error instanceof CoiledLineFault) {
      if (error.cause instanceof SyntaxError) return { said: 'What answers does not speak as Coiled does: is the address right?', problem: problem('unforeseen') };
      return reachTrouble(error.cause, this.endpoint, this.#context.env);
    }
    return unforeseen(error);
  }

  #refused({ status, reason, text }: CoiledRefusal): Trouble {
    const answer = `${reason ?? ''} HTTP ${status}`.trim();
    const said = text === '' ? '' : ` ${text.replace(/\.?$/, '.')}`;
    if (status === 401) return { said: `Coiled does not accept the token (${answer}): ${sourceWords(this.#settings.token)}.`, problem: problem(expired[this.#settings.token?.source.kind ?? 'file'], this.#known) };
    if (status === 402) return { said: `The credits are used up (${answer}).${said}`, problem: problem('coiled-quota', this.#known) };
    if (status === 403) return { said: `Coiled does not allow it (${answer}).${said}`, problem: problem('coiled-denied', this.#known) };
    if (status === 404) return { said: `What answers does not know the question (${answer}): is the address right?`, problem: problem('unforeseen') };
    if (status === 429) return { said: `Coiled asks for fewer requests (${answer}).`, problem: problem('throttled') };
    return { said: `Coiled answers ${answer}.${said}`, problem: problem('unforeseen') };
  }
}

const expired = { variable: 'coiled-variable', file: 'coiled-file', editor: 'coiled-editor' } as const;

function sourceWords(token: CoiledToken | undefined): string {
  switch (token?.source.kind) {
    case 'variable': return `token of ${token.source.name}`;
    case 'file': return `token in ${token.source.path}`;
    case 'editor': return 'token that the editor keeps';
    case undefined: return 'no token';
  }
}
