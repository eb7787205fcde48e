import * as vscode from 'vscode';
import { reportError } from '../../runner/protocol/errors.ts';
import type { ErrorCode } from '../../runner/protocol/errors.ts';

const denied: readonly ErrorCode[] = ['access-denied', 'auth-expired', 'auth-missing', 'requester-pays'];

/** An error of the runner as the editor's file service knows them, in the runner's words. */
export function fileError(error: unknown): vscode.FileSystemError {
  if (error instanceof vscode.FileSystemError) return error;
  const { code, message, hint } = reportError(error);
  const text = hint === undefined ? message : `${message} ${hint}`;
  if (code === 'not-found') return vscode.FileSystemError.FileNotFound(text);
  if (code === 'already-exists') return vscode.FileSystemError.FileExists(text);
  return denied.includes(code) ? vscode.FileSystemError.NoPermissions(text) : vscode.FileSystemError.Unavailable(text);
}
