import { constants } from 'node:fs';
import { access, opendir, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { formatBytes } from '../../wording/words.ts';
import type { HealthCheck, ServiceHealth } from '../../protocol/health.ts';
import { check } from '../health/examination.ts';
import type { ExaminationContext, Found, Trouble } from '../health/examination.ts';
import { problem } from '../health/remedies.ts';
import { isIll } from '../health/status.ts';
import { isAbsent, localError, systemCode } from './localErrors.ts';

/** Bytes below which a disk counts as full: a run writes more. */
const littleRoom = 1e9;

/**
 * Whether a folder or file of this machine is there, may be read and written, and how much room there is. Writing is asked
 * of the system, not tried. Rejects with `cancelled`, and never with anything else.
 */
export async function examineFolder(path: string, context: ExaminationContext): Promise<ServiceHealth> {
  const there = await check('bucket', context, {}, async () => {
    const found = await stat(path);
    return found.isDirectory() ? 'A folder.' : 'A file.';
  }, (error) => folderTrouble(error, path));
  const exists = there.outcome === 'yes';
  // What is not there can be made where something is.
  const place = exists ? path : await nearestFolder(path);
  const [read, write, space] = await Promise.all([
    exists ? readCheck(path, context) : undefined,
    writeCheck(place, exists, context),
    spaceCheck(place, context),
  ]);
  const checks = [there, ...(read === undefined ? [] : [read]), write, space];
  return { scheme: 'local', title: 'This machine', status: isIll(checks) ? 'ill' : 'well', checks };
}

async function readCheck(path: string, context: ExaminationContext): Promise<HealthCheck> {
  return check('read', context, {}, async () => {
    await access(path, constants.R_OK);
    if ((await stat(path)).isDirectory()) {
      // The right to look into a folder shows only when that is done.
      const folder = await opendir(path);
      try {
        return (await folder.read()) === null ? 'Allowed; it is empty.' : 'Allowed.';
      } finally {
        await folder.close();
      }
    }
    return 'Allowed.';
  }, (error) => folderTrouble(error, path));
}

async function writeCheck(place: string, exists: boolean, context: ExaminationContext): Promise<HealthCheck> {
  return check('write', context, {}, async () => {
    const isFolder = (await stat(place)).isDirectory();
    await access(place, isFolder ? constants.W_OK | constants.X_OK : constants.W_OK);
    return exists ? 'Allowed.' : `Allowed: it can be made in ${place}.`;
  }, (error) => ({ said: systemCode(error) === 'EROFS' ? 'The disk is read-only.' : `Not allowed in ${place}.`, problem: problem('folder-closed', { folder: place }) }));
}

async function spaceCheck(place: string, context: ExaminationContext): Promise<HealthCheck> {
  return check('space', context, {}, async (): Promise<Found> => {
    const { bavail, bsize, blocks } = await statfs(place);
    const said = `${formatBytes(bavail * bsize)} free of ${formatBytes(blocks * bsize)}.`;
    return bavail * bsize < littleRoom && blocks > 0 ? { outcome: 'no', said, problem: problem('disk-full') } : said;
  }, (error) => folderTrouble(error, place));
}

function folderTrouble(error: unknown, path: string): Trouble {
  if (isAbsent(error)) return { said: 'There is no such file or folder.', problem: problem('folder-missing') };
  return { said: localError(error, 'read', path).message, problem: problem('folder-denied', { folder: path }) };
}

/** The nearest folder above that is there. */
async function nearestFolder(path: string): Promise<string> {
  const above = dirname(path);
  if (above === path) return path;
  return (await stat(above).then((found) => found.isDirectory(), () => false)) ? above : nearestFolder(above);
}
