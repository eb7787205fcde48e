import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import type { Services } from '../services.ts';
import { hasLeft, withoutFollowed } from './cloudWords.ts';

/** Runs that this window has asked for, whatever came of it. */
const asked = new Set<string>();
/** What was interrupted longer ago is left to its user, in milliseconds: limits at Coiled have ended its machines. */
const longestAgo = 24 * 3_600_000;

/**
 * Lets machines of interrupted runs be followed again. The runner does so by itself where it finds a token of Coiled; that of
 * the editor comes from here. Each run is asked for once.
 */
export async function takeUp(services: Services, behind: readonly RunRecord[]): Promise<void> {
  const { runner, runs, log } = services;
  const fresh = behind.filter((run) => !asked.has(run.id) && run.ended !== undefined && Date.now() - run.ended < longestAgo && hasLeft(withoutFollowed(run, runs.runs)));
  if (fresh.length === 0 || !vscode.workspace.isTrusted) return;
  for (const { id } of fresh) asked.add(id);
  const access = await services.coiled();
  if (access.token === undefined) return;
  for (const { id } of fresh) {
    await runner.request('runs.takeUp', { id, coiled: access }).catch((error: unknown) => { log.warn(`Machines of run ${id} are not followed: ${reportError(error).message}`); });
  }
}
