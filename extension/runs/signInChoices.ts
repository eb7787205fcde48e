import type { Environment } from '../../runner/protocol/callerEnvironment.ts';
import type { DatasetRef } from '../../runner/protocol/datasets.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { providerOf, signInCommands, usualSignIn } from '../../runner/protocol/signIn.ts';
import type { Provider } from '../../runner/protocol/signIn.ts';
import { runLabel } from './runWords.ts';

/** One way to have good credentials again. */
export interface SignInChoice {
  readonly kind: 'command' | 'file';
  /** A command for a terminal, or the path of a file to be edited. */
  readonly text: string;
  /** What it is for, in a few words. */
  readonly why: string;
}

const providerNames: Readonly<Record<Provider, string>> = { aws: 'AWS', google: 'Google Cloud', azure: 'Azure' };

/** What a sign-in may be for. */
export interface SignInNeeds {
  /** The run that somebody signs in for; left out: any. */
  readonly run?: RunRecord;
  /** The address that was refused; left out: any. */
  readonly uri?: string;
  readonly runs: readonly RunRecord[];
  readonly datasets: readonly DatasetRef[];
  readonly environment: Environment;
}

/**
 * Ways to sign in, the likeliest first, each once. One that is alone needs no choice: what was asked for names exactly
 * one. Commands come from what the runner knows, never from a document.
 */
export function signInChoices({ run, uri, runs, datasets, environment }: SignInNeeds): readonly SignInChoice[] {
  if (run !== undefined) {
    const own = ofRun(run);
    return own.length === 1 ? own : distinct([...own, ...usual(providerOf(run.pause?.error.where ?? '') ?? providerOf(run.bids) ?? providerOf(run.output))]);
  }
  if (uri !== undefined) {
    const holder = datasets.find((each) => uri === each.uri || uri.startsWith(`${each.uri}/`));
    const own = ofDataset({ uri, storage: holder?.storage ?? {} }, environment);
    return own.length === 1 ? own : distinct([...own, ...usual(providerOf(uri))]);
  }
  const paused = distinct(runs.flatMap(ofRun));
  if (paused.length === 1) return paused;
  return distinct([...paused, ...datasets.flatMap((dataset) => ofDataset(dataset, environment)), ...usual(undefined)]);
}

function ofRun(run: RunRecord): readonly SignInChoice[] {
  if (run.pause?.kind !== 'sign-in') return [];
  const { signIn, credentials } = run.pause;
  const why = `for ${runLabel(run)}`;
  return [
    ...signIn.map((text): SignInChoice => ({ kind: 'command', text, why })),
    ...(credentials === undefined ? [] : [{ kind: 'file', text: credentials, why } as const]),
  ];
}

function ofDataset({ uri, storage }: DatasetRef, environment: SignInNeeds['environment']): readonly SignInChoice[] {
  return signInCommands(uri, storage, environment).map((text) => ({ kind: 'command', text, why: `for ${uri}` }));
}

function usual(provider: Provider | undefined): readonly SignInChoice[] {
  return (Object.keys(providerNames) as Provider[])
    .filter((each) => provider === undefined || each === provider)
    .map((each) => ({ kind: 'command', text: usualSignIn[each], why: providerNames[each] }));
}

function distinct(choices: readonly SignInChoice[]): readonly SignInChoice[] {
  return choices.filter(({ text }, at) => choices.findIndex((each) => each.text === text) === at);
}
