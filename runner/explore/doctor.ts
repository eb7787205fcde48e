import type { ExploreCommand } from '../protocol/options.ts';
import type { Health, HealthCheck, ServiceHealth } from '../protocol/health.ts';
import type { Result } from '../protocol/results.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import type { ExaminationContext } from '../storage/health/examination.ts';
import { examineFolder } from '../storage/local/localHealth.ts';
import { proxiesOf } from '../storage/proxies.ts';
import { formatUri, parseUri } from '../storage/uri.ts';
import type { BucketLocation } from '../storage/uri.ts';
import { healthBlocks } from './doctorBlocks.ts';
import type { ExploreContext } from './explore.types.ts';
import { placeOf } from './target.ts';

/** Milliseconds that one check of one service may take. */
const defaultPatience = 8000;
/** The word for where machines are had. A folder of that name is written `./coiled`. */
const coiledWord = 'coiled';

/**
 * Tells who we are at each storage service, or at the one of a place, or at Coiled, what may be done there, and the one step
 * that mends what does not work. All services are asked at the same time, and none holds up another. Coiled is among them
 * when somebody is signed in there.
 *
 * @throws SpimquantError `bad-option` for an address that is none; `cancelled`
 */
export async function doctor(
  command: Extract<ExploreCommand, { verb: 'doctor' }>, text: string, context: ExploreContext, patienceMs: number = defaultPatience,
): Promise<Result> {
  const clock = context.clock ?? Date.now;
  const examination: ExaminationContext = { env: context.env, signal: context.signal, clock, patienceMs };
  const { storage } = command;
  const proxies = proxiesOf(context.env);
  if (command.uri === undefined) {
    context.progress('Asking the storage services');
    const asked = (['s3', 'gs', 'az'] as const).map((scheme) => examineService({ scheme }, storage, examination));
    const [coiled, ...services] = await Promise.all([examineCoiled(examination, false), ...asked]);
    return page({ services: coiled.status === 'unused' ? services : [...services, coiled], proxies }, text, storage, clock());
  }
  if (command.uri === coiledWord) {
    context.progress('Asking Coiled');
    const service = await examineCoiled(examination, true);
    return page({ uri: coiledWord, readable: service.status === 'well', services: [service], proxies }, text, storage, clock());
  }
  const location = parseUri(placeOf({ uri: command.uri, storage }, context));
  const uri = formatUri(location);
  context.progress(`Asking about ${uri}`);
  const service = location.scheme === 'local' ? await examineFolder(location.path, examination) : await examineService(location, storage, examination);
  return page({ uri, readable: isReadable(service.checks), services: [service], proxies }, text, storage, clock());
}

/** The SDKs take a while to load: only those are that are needed. */
async function examineService(place: BucketLocation | { readonly scheme: BucketLocation['scheme'] }, storage: StorageChoice, context: ExaminationContext): Promise<ServiceHealth> {
  const bucket = 'bucket' in place ? place : undefined;
  switch (place.scheme) {
    case 's3': return (await import('../storage/s3/s3Identity.ts')).examineS3(bucket, storage, context);
    case 'gs': return (await import('../storage/gcs/gcsIdentity.ts')).examineGcs(bucket, storage, context);
    case 'az': return (await import('../storage/azure/azureIdentity.ts')).examineAzure(bucket?.scheme === 'az' ? bucket : undefined, storage, context);
  }
}

async function examineCoiled(context: ExaminationContext, asked: boolean): Promise<ServiceHealth> {
  return (await import('../coiled/health.ts')).examineCoiled(context, asked);
}

/** Reading was tried and worked. */
function isReadable(checks: readonly HealthCheck[]): boolean {
  return checks.some(({ name, outcome }) => name === 'read' && outcome === 'yes');
}

function page(health: Health, text: string, storage: StorageChoice, now: number): Result {
  return { title: health.uri === coiledWord ? 'Coiled' : health.uri ?? 'Storage services', command: text, blocks: healthBlocks(health, storage, now), health };
}
