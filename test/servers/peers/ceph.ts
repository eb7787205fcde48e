import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { answersHttp, attach, freePort } from './attachedProcess.ts';
import type { AttachedProcess } from './attachedProcess.ts';

/** A user of the gateway. */
export interface CephUser {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What a gateway is started with. */
export interface CephOptions {
  readonly users: readonly CephUser[];
  /** A storage class besides the gateway's own. */
  readonly storageClass: string;
  /** A key by which objects can be encrypted. */
  readonly encryptionKey: { readonly name: string; readonly base64: string };
}

/** A gateway and the storage behind it. Close it with `close()`. */
export interface CephGateway {
  /** Where it speaks S3. */
  readonly endpoint: string;
  close(): Promise<void>;
}

const programs = ['radosgw', 'radosgw-admin', 'ceph', 'ceph-mon', 'ceph-osd', 'ceph-authtool', 'monmaptool'] as const;

/** The release of the Ceph of this machine; or what of it is missing. */
export function findCeph(): { readonly version: string } | { readonly missing: string } {
  for (const program of programs) if (spawnSync(program, ['--version']).error !== undefined) return { missing: `there is no ${program} (Debian: apt-get install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common)` };
  const version = /ceph version (\S+)/.exec(spawnSync('radosgw', ['--version'], { encoding: 'utf8' }).stdout)?.[1];
  return version === undefined ? { missing: 'radosgw does not tell its version' } : { version };
}

/**
 * Starts one monitor, one storage daemon that keeps everything in memory, and a gateway, on the loopback interface, as
 * the user of this process. They end with it. Throws with what a part said when it does not start.
 */
export async function startCeph(options: CephOptions): Promise<CephGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'spimquant-ceph-'));
  const running: AttachedProcess[] = [];
  const close = async (): Promise<void> => {
    for (const one of [...running].reverse()) await one.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { endpoint: await start(folder, options, running), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(folder: string, { users, storageClass, encryptionKey }: CephOptions, running: AttachedProcess[]): Promise<string> {
  const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
  const [cluster, disk] = [randomUUID(), randomUUID()];
  const configuration = join(folder, 'ceph.conf');
  const keyring = join(folder, 'keyring');
  for (const name of ['mon', 'osd', 'log', 'run']) await mkdir(join(folder, name));
  await writeFile(configuration, configurationText(folder, { cluster, monitorPort, gatewayPort, key: `${encryptionKey.name}=${encryptionKey.base64}` }));
  const run = async (program: (typeof programs)[number], ...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, ['-c', configuration, ...args], { timeout: 60_000 })).stdout;
  const daemon = (program: (typeof programs)[number], ...args: readonly string[]): AttachedProcess => {
    running.push(attach(program, ['-c', configuration, '-f', ...args]));
    return running[running.length - 1];
  };
  const settled = (work: Promise<string>, is: (text: string) => boolean): Promise<boolean> => work.then(is, () => false);

  await run('monmaptool', '--create', '--clobber', '--fsid', cluster, '--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, join(folder, 'monmap'));
  const everything = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'];
  await run('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
  for (const name of ['client.admin', 'client.rgw']) await run('ceph-authtool', keyring, '--gen-key', '-n', name, ...everything);
  await run('ceph-authtool', keyring, '--gen-key', '-n', 'osd.0', '--cap', 'mon', 'allow profile osd', '--cap', 'osd', 'allow *');

  await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', join(folder, 'monmap'), '--keyring', keyring);
  await daemon('ceph-mon', '-i', 'a').until(() => settled(run('ceph', '--connect-timeout', '5', 'status'), () => true));
  await run('ceph', 'osd', 'create', disk);
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
  await daemon('ceph-osd', '-i', '0').until(() => settled(run('ceph', '--connect-timeout', '5', 'osd', 'stat'), (text) => text.includes('1 up')));

  const admin = (...args: readonly string[]): Promise<string> => run('radosgw-admin', '-n', 'client.rgw', ...args);
  const placement = ['placement', 'add', '--placement-id', 'default-placement', '--storage-class', storageClass];
  for (const user of users) await admin('user', 'create', '--uid', user.name, '--display-name', user.name, '--access-key', user.accessKeyId, '--secret-key', user.secretAccessKey);
  await admin('zonegroup', ...placement, '--rgw-zonegroup', 'default');
  await admin('zone', ...placement, '--rgw-zone', 'default', '--data-pool', 'default.rgw.other.data');
  const endpoint = `http://127.0.0.1:${gatewayPort}`;
  await daemon('radosgw', '-n', 'client.rgw').until(() => answersHttp(endpoint));
  return endpoint;
}

interface Numbers {
  readonly cluster: string;
  readonly monitorPort: number;
  readonly gatewayPort: number;
  readonly key: string;
}

/** Authentication inside stays on: without it the gateway never listens. */
function configurationText(folder: string, { cluster, monitorPort, gatewayPort, key }: Numbers): string {
  return `[global]
fsid = ${cluster}
mon host = v2:127.0.0.1:${monitorPort}/0
mon initial members = a
public addr = 127.0.0.1
public network = 127.0.0.0/8
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${join(folder, 'keyring')}
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 4294967296
osd class load list = *
osd class default list = *
mon allow pool size one = true
mon warn on pool no redundancy = false
mon max pg per osd = 2000
mon data = ${join(folder, 'mon')}
osd data = ${join(folder, 'osd')}
run dir = ${join(folder, 'run')}
admin socket = ${join(folder, 'run')}/$name.$pid.asok
log file = ${join(folder, 'log')}/$name.log
mon cluster log file = ${join(folder, 'log', 'cluster.log')}
crash dir = ${join(folder, 'log')}
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw thread pool size = 64
rgw enable ops log = false
rgw enable usage log = false
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = ${key}
`;
}
