import uplotCss from 'uplot/dist/uPlot.min.css';
import type { CloudStanding } from '../../runner/protocol/cloud.ts';
import { isOver } from '../../runner/protocol/runs.ts';
import type { RunRecord } from '../../runner/protocol/runs.ts';
import type { TaskRow } from '../../runner/protocol/runView.ts';
import { Asker } from '../kit/asker.ts';
import { make, makeButton, useStyles } from '../kit/dom.ts';
import { connectHost, pageElement } from '../kit/host.ts';
import listCss from '../kit/virtualList.css';
import { CostView } from './costView.ts';
import { Failures } from './failures.ts';
import { Header } from './header.ts';
import { LogView } from './logView.ts';
import { readRunPageState, readToRunPage, runTabs } from './messages.ts';
import type { FromRunPage, RunAction, RunQuestions, RunTab, StepsForm, ToRunPage } from './messages.ts';
import { ResourcesView } from './resourcesView.ts';
import css from './run.css';
import { StepsView } from './stepsView.ts';

/** Milliseconds between two looks at the steps and the log of a run that goes on, and at its resources. */
const lookInterval = 500;
const resourcesInterval = 4000;

const tabTitles: { readonly [T in RunTab]: string } = { steps: 'Steps', log: 'Log', resources: 'Resources' };

useStyles(uplotCss);
useStyles(listCss);
useStyles(css);

const page = pageElement();
const tasks = new Map<string, TaskRow>();
let run: RunRecord | undefined;
let seq = 0;
/** Milliseconds that the runner's time is ahead of the page's. */
let ahead = 0;
let tab: RunTab = 'steps';
let form: StepsForm = 'table';
let cloud: CloudStanding | undefined;
let looking = false;
let lookAgain = false;
let lastResources = -Infinity;
let timer: ReturnType<typeof setTimeout> | undefined;

const host = connectHost<ToRunPage, FromRunPage>(readToRunPage, (message) => {
  switch (message.type) {
    case 'run':
      run = message.run;
      ahead = message.now - Date.now();
      document.title = message.title;
      header.update(run, message.title, now());
      cost.update(run, cloud, now());
      show();
      void look();
      break;
    case 'gone':
      page.replaceChildren(make('p', { class: 'dim' }, 'The record of this run was deleted. What it has made stays.'));
      break;
    default:
      runner.take(message);
  }
});
const runner = new Asker<RunQuestions>((message) => { host.post(message); });
const act = (action: RunAction) => (): void => { host.post({ type: 'action', action }); };
const copy = (text: string): void => { host.post({ type: 'copy', text }); };

const header = new Header(act);
const cost = new CostView(() => { host.post({ type: 'openCluster' }); });
const failures = new Failures(runner, showInLog, copy, act);
const steps = new StepsView(showInLog, (next) => {
  form = next;
  keep();
});
const log = new LogView(runner, { save: act('saveLog'), asText: act('openLog'), copy });
const resources = new ResourcesView(runner);
const views = { steps, log, resources };

const tabs = runTabs.map((each) => makeButton(tabTitles[each], () => { choose(each); }, { role: 'tab', id: `tab-${each}`, 'aria-controls': `panel-${each}` }));
const tablist = make('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Parts of the run' }, ...tabs);
tablist.addEventListener('keydown', (event) => {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (step === 0) return;
  const next = (runTabs.indexOf(tab) + step + runTabs.length) % runTabs.length;
  choose(runTabs[next]);
  tabs[next].focus();
});
for (const each of runTabs) {
  const { element } = views[each];
  element.id = `panel-${each}`;
  element.setAttribute('role', 'tabpanel');
  element.setAttribute('aria-labelledby', `tab-${each}`);
}
page.append(header.element, cost.element, failures.element, tablist, ...runTabs.map((each) => views[each].element));
const kept = readRunPageState(host.kept());
steps.setForm(kept?.form ?? 'table');
choose(kept?.tab ?? 'steps');

function now(): number {
  return Date.now() + ahead;
}

function choose(next: RunTab): void {
  tab = next;
  runTabs.forEach((each, at) => {
    tabs[at].setAttribute('aria-selected', String(each === tab));
    tabs[at].tabIndex = each === tab ? 0 : -1;
    views[each].element.hidden = each !== tab;
  });
  show();
  void look();
}

function showInLog(task: string): void {
  choose('log');
  log.showTask(task);
}

function keep(): void {
  if (run !== undefined) host.keep({ run: run.id, tab, form });
}

/** Shows what is known of the run in the part that is in front, and remembers which that is. */
function show(): void {
  if (run === undefined) return;
  keep();
  const all = [...tasks.values()];
  if (tab === 'steps') steps.update(all, run.reused);
}

/** Asks for what is new, and again later while the run goes on. */
async function look(): Promise<void> {
  if (looking || run === undefined) {
    lookAgain = true;
    return;
  }
  looking = true;
  clearTimeout(timer);
  try {
    do {
      lookAgain = false;
      await lookOnce(run);
    } while (lookAgain);
  } finally {
    looking = false;
  }
  if (!isOver(run.status)) timer = setTimeout(() => void look(), lookInterval);
}

async function lookOnce(record: RunRecord): Promise<void> {
  try {
    const changes = await runner.ask('tasks', { since: seq });
    seq = changes.seq;
    for (const task of changes.changed) tasks.set(task.id, task);
    const all = [...tasks.values()];
    cloud = changes.cloud ?? cloud;
    cost.update(record, cloud, now());
    failures.update(record, all, changes.failedParticipants);
    log.setTasks(all);
    resources.setTasks(all);
    show();
  } catch {
    // The runner is away; the next look tells more.
  }
  header.tick(now());
  cost.tick(now());
  if (tab === 'log') await log.refresh();
  if (tab === 'resources' && (isOver(record.status) || now() - lastResources >= resourcesInterval)) {
    lastResources = now();
    await resources.refresh(now());
  }
}
