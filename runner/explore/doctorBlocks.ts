import type { CheckName, Health, HealthCheck, ServiceHealth } from '../protocol/health.ts';
import type { Block, FactsBlock } from '../protocol/results.ts';
import type { StorageChoice } from '../protocol/storageChoice.ts';
import { knowsProxies } from '../storage/proxies.ts';
import { formatWhen, fromNow } from '../wording/words.ts';
import { commandText } from './target.ts';

const labels: Readonly<Record<CheckName, string>> = {
  'sign-in': 'Sign in', 'identity': 'Who that is', 'reach': 'Reach the service', 'clock': 'Clock', 'buckets': 'List buckets', 'bucket': 'Place', 'list': 'List', 'read': 'Read', 'write': 'Write', 'space': 'Free space',
  'workspace': 'Workspace', 'cloud': 'Cloud', 'quota': 'Credits', 'machines': 'Machines',
};

function labelOf(name: CheckName, { scheme }: ServiceHealth): string {
  return name !== 'bucket' ? labels[name] : scheme === 'az' ? 'Container' : scheme === 'local' ? labels.bucket : 'Bucket';
}

/** What was found, as a page. Errors are only what keeps the place asked about from being read. Pure. */
export function healthBlocks(health: Health, storage: StorageChoice, now: number): readonly Block[] {
  return [
    ...health.services.flatMap((service) => serviceBlocks(service, health, now)),
    ...proxyBlocks(health),
    ...commandBlocks(health, storage),
  ];
}

function serviceBlocks(service: ServiceHealth, health: Health, now: number): readonly Block[] {
  if (service.status === 'unused') {
    const signIn = service.checks.find(({ name }) => name === 'sign-in');
    return [{ kind: 'facts', title: service.title, facts: [{ label: 'Set up', value: 'no' }, ...(signIn === undefined ? [] : [{ label: 'Found', value: signIn.said }]), ...(signIn?.problem === undefined ? [] : [{ label: 'To use it', value: signIn.problem.step }])] }];
  }
  // What went well of signing in stands above already.
  const shown = service.checks.filter(({ name, outcome }) => !(outcome === 'yes' && (name === 'sign-in' || name === 'identity')));
  return [
    ...identityBlocks(service, now),
    ...(shown.length === 0 ? [] : [{
      kind: 'table', ...(identityFacts(service, now).length === 0 ? { title: service.title } : {}), columns: [{ label: 'Check' }, { label: 'Works' }, { label: 'What came of it', wrap: true }],
      rows: shown.map(({ name, outcome, said }) => [labelOf(name, service), outcome === 'unknown' ? null : outcome, said]),
    } as const]),
    ...problemNotices(service, health),
  ];
}

function identityBlocks(service: ServiceHealth, now: number): readonly FactsBlock[] {
  const facts = identityFacts(service, now);
  return facts.length === 0 ? [] : [{ kind: 'facts', title: service.title, facts }];
}

function identityFacts({ scheme, checks, identity, endpoint, region }: ServiceHealth, now: number): FactsBlock['facts'] {
  const signedIn = checks.find(({ name }) => name === 'sign-in');
  const expires = identity?.expires === undefined ? undefined : Date.parse(identity.expires);
  const all: Readonly<Record<string, string | undefined>> = {
    'Signed in as': identity?.name ?? (identity !== undefined ? 'not known' : signedIn?.outcome === 'yes' ? 'nobody: requests are unsigned' : signedIn === undefined ? undefined : 'nobody'),
    [scheme === 'coiled' ? 'Workspace' : 'Account']: identity?.account,
    'By': identity?.source,
    'Expires': expires === undefined ? undefined : `${fromNow(expires - now)} (${formatWhen(expires)})${identity?.renews === true ? ', and renewed by itself' : ''}`,
    'Address': endpoint,
    'Region': region,
  };
  return Object.entries(all).flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }]));
}

/** One notice for each step that mends something, worst first. */
function problemNotices(service: ServiceHealth, health: Health): readonly Block[] {
  const { title, checks } = service;
  const unreadable = health.uri !== undefined && health.readable !== true;
  const told = new Set<string>();
  const prefix = health.services.length > 1 ? `${title}: ` : '';
  const notices = checks.flatMap((check): readonly (Block & { readonly kind: 'notice' })[] => {
    if (check.problem === undefined || told.has(check.problem.remedy)) return [];
    told.add(check.problem.remedy);
    return [{ kind: 'notice', level: levelOf(check, unreadable), text: `${prefix}${labelOf(check.name, service)}: ${check.said} ${check.problem.step}` }];
  });
  if (unreadable && !notices.some(({ level }) => level === 'error')) notices.push({ kind: 'notice', level: 'error', text: service.scheme === 'coiled' ? 'Machines cannot be had at Coiled.' : `${health.uri ?? ''} cannot be read.` });
  const order = ['error', 'warn', 'info'];
  return notices.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}

function levelOf({ name, outcome }: HealthCheck, unreadable: boolean): 'info' | 'warn' | 'error' {
  if (name === 'write' || name === 'buckets') return 'info';
  if (unreadable && name !== 'clock' && name !== 'space') return 'error';
  return outcome === 'yes' ? 'info' : 'warn';
}

function proxyBlocks({ proxies, services }: Health): readonly Block[] {
  if (proxies.length === 0 || services.every(({ scheme }) => scheme === 'local')) return [];
  const past = !knowsProxies() && services.some(({ scheme }) => scheme === 's3');
  return [
    { kind: 'facts', title: 'Proxies', facts: proxies.map(({ variable, value }) => ({ label: variable, value })) },
    ...(past ? [{ kind: 'notice', level: 'warn', text: `Node.js ${process.versions.node}, which runs this, sends requests to S3 past the proxies. Set spimquant.runner.nodePath to Node.js 24.5 or newer.` } as const] : []),
  ];
}

function commandBlocks({ uri, readable, services }: Health, storage: StorageChoice): readonly Block[] {
  const [service] = services;
  if (service.scheme === 'coiled') return [];
  const commands: { readonly title: string; readonly text: string }[] = [];
  if (uri !== undefined && readable === true) commands.push({ title: 'See what is there', text: commandText(storage, 'ls', uri) });
  const refused = service.checks.some(({ name, outcome }) => outcome === 'no' && ['sign-in', 'identity', 'list', 'read'].includes(name));
  if (uri !== undefined && readable !== true && refused && service.scheme !== 'local' && storage.anonymous !== true) {
    commands.push({ title: 'Is it open to the public?', text: commandText({ ...storage, anonymous: true, awsProfile: undefined, gcsCredentials: undefined }, 'doctor', uri) });
  }
  if (uri !== undefined && readable !== true && storage.requesterPays !== true && storage.anonymous !== true && service.scheme !== 'az' && service.checks.some(({ name, problem }) => (name === 'list' || name === 'read') && problem?.code.match(/denied|pays/))) {
    commands.push({ title: 'Does its owner let readers pay? (You are billed for requests.)', text: commandText({ ...storage, requesterPays: true }, 'doctor', uri) });
  }
  if (storage.anonymous === true && readable !== true && uri !== undefined) commands.push({ title: 'With your credentials', text: commandText({ ...storage, anonymous: undefined }, 'doctor', uri) });
  return commands.length === 0 ? [] : [{ kind: 'commands', title: 'Go on', commands }];
}
