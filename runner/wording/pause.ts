import type { PauseKind, PauseReason } from '../protocol/pauses.ts';
import { formatWhen } from './words.ts';

/** Why a run waits, in a few words: what stands beside its state. */
export const pauseWords: Readonly<Record<PauseKind, string>> = {
  'sign-in': 'sign in again', 'network': 'no network', 'disk': 'disk full',
};

/** What lets a paused run go on, as one sentence. */
export function mendText({ kind, signIn, credentials }: Pick<PauseReason, 'kind' | 'signIn' | 'credentials'>): string {
  switch (kind) {
    case 'sign-in':
      if (signIn.length === 1) return `Sign in again (${signIn[0]}).`;
      return credentials === undefined ? 'Renew the credentials.' : `Renew the credentials in ${credentials}.`;
    case 'network': return 'It goes on by itself when the network is back.';
    case 'disk': return 'Free some space: it goes on by itself when there is room.';
  }
}

/** Until when a run stays paused, as one sentence; empty: without end. */
export function pauseUntilText({ until }: Pick<PauseReason, 'until'>): string {
  return until === undefined ? '' : `It waits until ${formatWhen(until)}; what is finished is kept in any case.`;
}

/** What lets a paused run go on, and until when it waits, as a few sentences. */
export function pauseHint(pause: PauseReason): string {
  const itself = pause.kind === 'sign-in' ? 'The run goes on by itself then.' : '';
  return [mendText(pause), itself, pauseUntilText(pause)].filter((sentence) => sentence !== '').join(' ');
}

/** A pause as a few sentences: what happened, what lets the run go on, until when it waits. */
export function pauseText(pause: PauseReason): string {
  const happened = /[.!?]$/.test(pause.error.message) ? pause.error.message : `${pause.error.message}.`;
  return [happened, pauseHint(pause)].join(' ');
}
