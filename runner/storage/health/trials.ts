import { randomUUID } from 'node:crypto';
import type { HealthCheck, ServiceHealth, ServiceIdentity, ServiceScheme } from '../../protocol/health.ts';
import { check } from './examination.ts';
import type { ExaminationContext, Found, Trouble } from './examination.ts';
import { reachChecks } from './reach.ts';
import type { Known } from './remedies.ts';
import { isIll } from './status.ts';

/** A service as it is examined: by the same questions, whichever it is. */
export interface Examined {
  readonly scheme: ServiceScheme;
  readonly title: string;
  /** Where requests go. */
  readonly endpoint: string;
  /** Finds credentials. Anything but `yes` ends the trials. */
  signIn(): Promise<HealthCheck>;
  /** Asks who they are. After {@link Examined.signIn}, when that was a success. */
  identify(): Promise<readonly HealthCheck[]>;
  /** What may be done. Likewise. */
  tryThings(): Promise<readonly HealthCheck[]>;
  /** Known so far. */
  identity(): ServiceIdentity | undefined;
  region(): string | undefined;
  /** Whether a failed sign-in only says that nothing is set up here. */
  isUnused(signedIn: HealthCheck): boolean;
}

/** Puts the questions, those at the same time that do not wait for another. */
export async function examine(service: Examined, context: ExaminationContext): Promise<ServiceHealth> {
  const signedIn = await service.signIn();
  const unused = service.isUnused(signedIn);
  const able = signedIn.outcome === 'yes';
  const [identified, reached, done] = await Promise.all([
    able ? service.identify() : [], unused ? [] : reachChecks(service.endpoint, context), able ? service.tryThings() : [],
  ]);
  const checks = [signedIn, ...identified, ...reached, ...done];
  const [identity, region] = [service.identity(), service.region()];
  return {
    scheme: service.scheme, title: service.title, status: unused ? 'unused' : isIll(checks) ? 'ill' : 'well',
    ...(identity === undefined ? {} : { identity }), endpoint: service.endpoint, ...(region === undefined ? {} : { region }), checks,
  };
}

/** What is tried of a bucket (a container) and a prefix in it. */
export interface BucketTrial {
  readonly prefix: string;
  readonly known: Known;
  /** Looks at the bucket itself. `missing`: there is none, and nothing else is worth trying. */
  look(signal: AbortSignal): Promise<Found>;
  isMissing(look: HealthCheck): boolean;
  /** Some names of objects that begin so. */
  list(start: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Reads the first byte of an object. False: there is no such object, which only those hear who may read. */
  read(name: string, signal: AbortSignal): Promise<boolean>;
  /** Tries to write an object of that name in a way that leaves nothing; undefined: it cannot be tried. */
  write(name: string): Promise<Found> | undefined;
  explain(doing: 'look' | 'list' | 'read' | 'write', error: unknown): Trouble;
}

/** Tries what may be done in a bucket: each for itself, since rights are given one by one. */
export async function tryBucket(trial: BucketTrial, context: ExaminationContext): Promise<readonly HealthCheck[]> {
  const looked = await check('bucket', context, trial.known, (signal) => trial.look(signal), (error) => trial.explain('look', error));
  if (trial.isMissing(looked)) return [looked];
  const [listedAndRead, written] = await Promise.all([tryListAndRead(trial, context), tryWrite(trial, context)]);
  return [looked, ...listedAndRead, written];
}

async function tryListAndRead(trial: BucketTrial, context: ExaminationContext): Promise<readonly HealthCheck[]> {
  const { prefix } = trial;
  let found: string | undefined;
  const find = async (start: string, signal: AbortSignal): Promise<string | undefined> =>
    (await trial.list(start, signal)).find((name) => !name.endsWith('/') && (prefix === '' || name === prefix || name.startsWith(`${prefix}/`)));
  const listed = await check('list', context, trial.known, async (signal) => {
    found = await find(prefix === '' ? '' : `${prefix}/`, signal) ?? (prefix === '' ? undefined : await find(prefix, signal));
    return found === undefined ? 'Allowed; nothing is there yet.' : 'Allowed.';
  }, (error) => trial.explain('list', error));
  const name = found ?? below(prefix, 'dataset_description.json');
  const read = await check('read', context, trial.known, async (signal) =>
    ((await trial.read(name, signal)) ? `Allowed: ${name}.` : 'Allowed; nothing is there to read.'), (error) => trial.explain('read', error));
  return [listed, read];
}

async function tryWrite(trial: BucketTrial, context: ExaminationContext): Promise<HealthCheck> {
  const writing = trial.write(below(trial.prefix, `.spimquant-doctor-${randomUUID()}`));
  if (writing === undefined) return { name: 'write', outcome: 'unknown', said: 'Not tried: requests are unsigned.' };
  // It goes on when the check is given up, so that what was begun is withdrawn in any case.
  writing.catch(() => undefined);
  return check('write', context, trial.known, () => writing, (error) => trial.explain('write', error));
}

function below(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** The first names of a list, and how many more there are. */
export function someOf(names: readonly string[], more = false): string {
  if (names.length === 0) return 'There are none.';
  const rest = names.length - 5;
  return `${names.slice(0, 5).join(', ')}${rest > 0 ? ` and ${more ? 'more than ' : ''}${rest} more` : ''}.`;
}
