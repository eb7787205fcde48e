import { isOver } from '../protocol/runs.ts';
import type { RunOutput } from '../protocol/runOutput.ts';
import { escapeHtml } from './escape.ts';
import { pauseWords } from './pause.ts';
import { linkHtml } from './resultHtml.ts';
import { errorText, logText, runSentence, runTitle } from './run.ts';
import { formatBytes } from './words.ts';

/** Lines of the log that fallbacks show. */
const tailShown = 10;

/** The sentence at the top, which must be true whenever it is read: a run that goes on says as of when. */
function headline(output: RunOutput): string {
  const { run } = output;
  if (isOver(run.status)) return runSentence(run, run.ended ?? run.started);
  const why = run.pause === undefined ? '' : ` (${pauseWords[run.pause.kind]})`;
  return `${run.cancelling ? 'cancelling' : `${run.status}${why}`} when this was saved`;
}

function traffic({ bytesRead, bytesWritten }: RunOutput): string {
  return `${formatBytes(bytesRead)} read, ${formatBytes(bytesWritten)} written`;
}

/** How a run stands, as plain text. Ends without a newline. */
export function runText(output: RunOutput): string {
  const { run, failures, files, tail } = output;
  return [
    `${runTitle(run)}: ${headline(output)}`,
    `${run.id}, ${traffic(output)}`,
    ...(run.error === undefined || failures.length > 0 ? [] : [`failed: ${errorText(run.error)}`]),
    ...failures.map(({ title, error }) => `failed: ${title}: ${errorText(error)}`),
    ...files.map(({ title, uri }) => `${title}: ${uri}`),
    ...tail.slice(-tailShown).map(logText),
  ].join('\n');
}

/** How a run stands, as HTML for places that know nothing of SPIMquant: see resultHtml. */
export function runHtml(output: RunOutput): string {
  const { run, failures, files, tail } = output;
  const errors = [
    ...(run.error === undefined || failures.length > 0 ? [] : [errorText(run.error)]),
    ...failures.map(({ title, error }) => `${title}: ${errorText(error)}`),
  ];
  const list = (items: readonly string[]): string => (items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${item}</li>`).join('')}</ul>`);
  return `<div><p><strong>${escapeHtml(runTitle(run))}</strong>: ${escapeHtml(headline(output))}<br>${escapeHtml(`${run.id}, ${traffic(output)}`)}</p>`
    + (errors.length === 0 ? '' : `<p><strong>Failed</strong></p>${list(errors.map(escapeHtml))}`)
    + list(files.map(({ title, uri }) => linkHtml(title, uri)))
    + (tail.length === 0 ? '' : `<pre>${escapeHtml(tail.slice(-tailShown).map(logText).join('\n'))}</pre>`)
    + '</div>';
}
