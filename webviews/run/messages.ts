import type { HostResources, LogPage, LogQuery, TaskChanges } from '../../runner/protocol/runView.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import { readAnswer, readQuestion } from '../kit/asker.ts';
import type { Question, QuestionAnswer } from '../kit/asker.ts';

/** What the page of a run asks the runner, by way of the extension. */
// A type rather than an interface: it has to be usable as a record.
export type RunQuestions = {
  readonly lines: { readonly params: { readonly query: LogQuery; readonly from: number; readonly count: number }; readonly result: LogPage };
  readonly nextError: { readonly params: { readonly query: LogQuery; readonly from: number; readonly backwards: boolean }; readonly result: number | null };
  readonly tasks: { readonly params: { readonly since: number }; readonly result: TaskChanges };
  readonly resources: { readonly params: { readonly points: number; readonly hosts?: readonly string[] }; readonly result: { readonly hosts: readonly HostResources[] } };
};

export type RunQuestion = keyof RunQuestions;

/** What the page of a run is told. */
export type ToRunPage =
  /** How the run stands; the first thing said. `now`: the runner's time, milliseconds. */
  | { readonly type: 'run'; readonly run: RunRecord; readonly title: string; readonly now: number }
  | { readonly type: 'gone' }
  | QuestionAnswer;

/** What the buttons of the page do. */
export type RunAction = 'cancel' | 'resume' | 'resumeNow' | 'signIn' | 'openOutputs' | 'openLog' | 'saveLog' | 'copyCommand' | 'openNotebook';

/** What the page of a run asks for. */
export type FromRunPage =
  | Question<RunQuestions>
  | { readonly type: 'action'; readonly action: RunAction }
  | { readonly type: 'copy'; readonly text: string }
  /** Shows the newest cluster of the run at its provider. */
  | { readonly type: 'openCluster' };

/** Parts of the page. */
export const runTabs = ['steps', 'log', 'resources'] as const;
export type RunTab = (typeof runTabs)[number];

/** How the steps are shown. */
export const stepsForms = ['table', 'graph'] as const;
export type StepsForm = (typeof stepsForms)[number];

/** What the page keeps over a reload of the window. */
export interface RunPageState {
  readonly run: string;
  readonly tab: RunTab;
  readonly form: StepsForm;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Checks a message to the page. */
export function readToRunPage(message: unknown): ToRunPage | undefined {
  if (!isFields(message)) return undefined;
  switch (message['type']) {
    case 'run': return isFields(message['run']) && typeof message['run']['id'] === 'string' && typeof message['title'] === 'string' && typeof message['now'] === 'number' ? message as unknown as ToRunPage : undefined;
    case 'gone': return { type: 'gone' };
    default: return readAnswer(message);
  }
}

const actions: readonly unknown[] = ['cancel', 'resume', 'resumeNow', 'signIn', 'openOutputs', 'openLog', 'saveLog', 'copyCommand', 'openNotebook'] satisfies readonly RunAction[];
const questions: readonly RunQuestion[] = ['lines', 'nextError', 'tasks', 'resources'];
const textLimit = 200_000;

/** Checks a message of the page. Parameters are checked by the runner, as those of any request. */
export function readFromRunPage(message: unknown): FromRunPage | undefined {
  if (!isFields(message)) return undefined;
  const { type, action, text } = message;
  if (type === 'action' && actions.includes(action)) return { type, action: action as RunAction };
  if (type === 'openCluster') return { type };
  if (type === 'copy' && typeof text === 'string' && text.length <= textLimit) return { type, text };
  return readQuestion<RunQuestions>(message, questions);
}

/** Checks what was kept. */
export function readRunPageState(state: unknown): RunPageState | undefined {
  if (!isFields(state) || typeof state['run'] !== 'string') return undefined;
  const tab = runTabs.find((each) => each === state['tab']) ?? 'steps';
  return { run: state['run'], tab, form: stepsForms.find((each) => each === state['form']) ?? 'table' };
}
