import { count, formatBytes } from '../../../runner/wording/words.ts';
import type { DatasetSummary, ImageSummary, LevelSummary } from '../../../runner/protocol/datasets.ts';
import type { DatasetNode, Mend } from './datasetNodes.ts';
import { isTransferable, uriOf } from './datasetNodes.ts';
import type { Known } from './datasetTree.ts';
import { escapeMarkdown, markdownTable } from '../markdown.ts';
import { reachWords, serviceOf } from './reach.ts';

/** How a row looks and what it answers to, without the editor's classes. */
export interface ItemView {
  readonly label: string;
  readonly description?: string;
  /** A codicon and the colour it has, if not the usual. */
  readonly icon: { readonly id: string; readonly color?: string };
  readonly expandable: boolean;
  /** Words that the menus of package.json ask for. */
  readonly context: string;
  /** Markdown. */
  readonly tooltip?: string;
  /** Runs on a click, with the row. */
  readonly command?: { readonly id: string; readonly title: string };
  /** What is wrong: a mark at the row's end, and the sentences that it stands for. */
  readonly warnings?: readonly string[];
  /** For screen readers. */
  readonly spoken?: string;
}

const mends: Readonly<Record<Mend, { readonly label: string; readonly icon: string }>> = {
  signIn: { label: 'Sign in again', icon: 'key' },
  retry: { label: 'Try again', icon: 'refresh' },
  reach: { label: 'Change how it is reached…', icon: 'key' },
  check: { label: 'Check credentials', icon: 'pulse' },
  address: { label: 'Correct the address…', icon: 'edit' },
  remove: { label: 'Remove from list', icon: 'close' },
  log: { label: 'Show log', icon: 'output' },
  compare: { label: 'Compare again', icon: 'refresh' },
  unfilter: { label: 'Show all participants', icon: 'clear-all' },
};

/** A row of the Datasets view as it is shown. A mark at its end is a number; what is read aloud says of what. `now`: milliseconds since the epoch. */
export function viewOf(node: DatasetNode, known: Known, now: number = Date.now()): ItemView {
  const plain = plainViewOf(node, known, now);
  const view = isTransferable(node) ? { ...plain, context: `${plain.context} transferable ${serviceOf(node.dataset.uri) === undefined ? 'onDisk' : 'remote'}` } : plain;
  if (view.warnings === undefined) return view;
  return { ...view, spoken: [view.label, view.description, count(view.warnings.length, 'warning')].filter((text) => text !== undefined && text !== '').join(', ') };
}

function plainViewOf(node: DatasetNode, known: Known, now: number): ItemView {
  switch (node.kind) {
    case 'dataset': return datasetView(node, known, now);
    case 'derivatives':
      return { label: 'Derivatives', description: String(node.count), icon: { id: 'beaker' }, expandable: true, context: 'derivatives uri refreshable', tooltip: addressed(node, `${count(node.count, 'folder')} of results`) };
    case 'derivative': {
      const { derivative } = node;
      return {
        label: derivative.name, description: derivative.generatedBy, icon: { id: 'folder' }, expandable: true, context: 'derivative insertable uri refreshable',
        tooltip: addressed(node, `${escapeMarkdown(derivative.generatedBy ?? 'Results')}, ${count(derivative.reports.length, 'report')}`),
      };
    }
    case 'report':
      return { label: node.title, icon: { id: 'book' }, expandable: false, context: 'report uri', tooltip: addressed(node, 'Report'), command: { id: 'spimquant.report.open', title: 'Open Report' } };
    case 'participant': return participantView(node, known);
    case 'session':
      return { label: `ses-${node.label}`, description: count(node.images.length, 'image'), icon: { id: 'calendar' }, expandable: true, context: 'session insertable uri refreshable', tooltip: addressed(node, `Session of sub-${escapeMarkdown(node.participant)}`) };
    case 'image': return imageView(node, known);
    case 'level':
      return {
        label: `Level ${node.level.level}`, description: levelText(node.level), icon: { id: 'symbol-ruler' }, expandable: false, context: 'level insertable uri',
        tooltip: markdownTable([`Level ${node.level.level}`, ''], levelFacts(node.level)), command: { id: 'spimquant.image.open', title: 'Open Image' },
      };
    case 'range':
      return {
        label: `sub-${node.first} … ${node.last}`, description: node.count.toLocaleString('en'), icon: { id: 'organization' }, expandable: true, context: 'range refreshable',
        tooltip: `${count(node.count, 'participant')}, from sub-${escapeMarkdown(node.first)} to sub-${escapeMarkdown(node.last)}\n\nThe magnifying glass above finds one by its label, the funnel shows only some.`,
        spoken: `${count(node.count, 'participant')}, sub-${node.first} to sub-${node.last}`,
      };
    case 'counting': {
      const counted = node.counted.toLocaleString('en');
      if (!node.stopped) {
        return {
          label: 'Counting…', description: `${counted} so far`, icon: { id: 'loading~spin' }, expandable: false, context: 'counting',
          tooltip: 'What is listed already can be looked at meanwhile.', spoken: `Counting participants, ${counted} so far`,
        };
      }
      return {
        label: 'Go on counting', description: `stopped at ${counted}`, icon: { id: 'debug-continue' }, expandable: false, context: 'stopped',
        tooltip: `${counted} participants are counted; there may be more.`, command: { id: 'spimquant.datasets.count', title: 'Go On Counting' },
      };
    }
    case 'problem':
      return {
        label: node.error.message, icon: node.mild === true ? { id: 'warning', color: 'list.warningForeground' } : { id: 'error', color: 'list.errorForeground' }, expandable: false, context: 'problem',
        tooltip: [node.error.message, node.error.hint].filter((text) => text !== undefined).map(escapeMarkdown).join('\n\n'),
        spoken: `Error: ${node.error.message} ${node.error.hint ?? ''}`.trim(),
      };
    case 'mend':
      return { label: mends[node.mend].label, icon: { id: mends[node.mend].icon }, expandable: false, context: 'mend', command: { id: 'spimquant.datasets.mend', title: mends[node.mend].label } };
    case 'empty':
      return { label: node.text, icon: { id: 'info' }, expandable: false, context: 'empty' };
  }
}

function datasetView(node: Extract<DatasetNode, { kind: 'dataset' }>, known: Known, now: number): ItemView {
  const { uri } = node.dataset;
  const summary = known.summary(uri);
  const failure = known.failure(uri);
  const label = known.name(uri);
  const isBucket = serviceOf(uri) !== undefined;
  const rows: [string, string][] = [['Address', uri]];
  if (summary !== undefined) {
    rows.push(['Name', summary.name ?? 'not said']);
    rows.push(['BIDS', summary.bidsVersion ?? 'not said']);
    rows.push(['Participants', `${summary.participants.toLocaleString('en')}${summary.counting === true ? ' so far' : summary.incomplete === true ? ' or more' : ''}`]);
    rows.push(['Derivatives', String(summary.derivatives)]);
  }
  const freshness = summary && freshnessOf(summary, now);
  if (freshness !== undefined) rows.push(['Seen', freshness]);
  const { storage } = node.dataset;
  if (isBucket) rows.push(['Reached by', reachWords(storage)]);
  const warnings = failure === undefined ? summary?.warnings ?? [] : [];
  const tooltip = [
    markdownTable([summary?.name ?? label, ''], rows),
    ...(failure === undefined ? [] : [`$(error) ${escapeMarkdown(failure.message)}${failure.hint === undefined ? '' : ` ${escapeMarkdown(failure.hint)}`}`]),
    warningList(warnings),
  ].filter((part) => part !== '').join('\n\n');
  return {
    label,
    description: failure !== undefined ? 'cannot be read' : summary === undefined ? undefined : participantsText(summary, known.fitting(uri)),
    icon: failure !== undefined ? { id: 'error', color: 'list.errorForeground' } : { id: isBucket ? 'cloud' : 'database', ...(summary?.trouble === undefined ? {} : { color: 'list.warningForeground' }) },
    expandable: true,
    context: `dataset insertable uri refreshable${failure === undefined ? ' runnable' : ''}${isBucket ? ' bucket' : ''}${summary?.counting === true ? ' counting' : ''}`,
    tooltip,
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

/** `4 participants`, `counting…`, `120 of 10,000 participants`, `10,000 participants, not compared`. */
function participantsText(summary: DatasetSummary, fitting: number | undefined): string {
  const { participants, counting, incomplete, trouble } = summary;
  if (counting === true) return fitting === undefined ? 'counting…' : `${fitting.toLocaleString('en')} so far`;
  const all = `${participants.toLocaleString('en')}${incomplete === true ? ' or more' : ''} ${participants === 1 && incomplete !== true ? 'participant' : 'participants'}`;
  return `${fitting === undefined ? '' : `${fitting.toLocaleString('en')} of `}${all}${trouble === undefined || incomplete === true ? '' : ', not compared'}`;
}

/** When what is shown was seen, where that is not now; undefined: it was a moment ago. */
export function freshnessOf({ checked, remembered, trouble }: DatasetSummary, now: number): string | undefined {
  if (checked === undefined || (remembered !== true && trouble === undefined && now - checked < 3_600_000)) return undefined;
  const told = trouble !== undefined ? '; it could not be compared since' : remembered === true ? '; it is being compared with what is there now' : '';
  return `${agoText(now - checked)}${told}`;
}

/** `5 minutes ago`. */
function agoText(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  if (minutes < 1) return 'a moment ago';
  if (minutes < 60) return `${count(minutes, 'minute')} ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${count(hours, 'hour')} ago` : `${count(Math.round(hours / 24), 'day')} ago`;
}

function participantView(node: Extract<DatasetNode, { kind: 'participant' }>, known: Known): ItemView {
  const contents = known.contents(node);
  const rows: [string, string][] = (contents?.columns ?? []).map((column) => [column.name, column.value]);
  const images = contents?.sessions.reduce((sum, session) => sum + session.images.length, 0);
  if (images !== undefined) rows.push(['images', String(images)]);
  const warnings = (contents?.skipped ?? []).map((each) => `${each.path}: ${each.reason}`);
  return {
    label: `sub-${node.label}`,
    icon: { id: 'account' },
    expandable: true,
    context: 'participant runnable insertable uri refreshable',
    tooltip: [rows.length === 0 ? `sub-${node.label}` : markdownTable([`sub-${node.label}`, ''], rows), warningList(warnings)].filter((part) => part !== '').join('\n\n'),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
}

function imageView(node: Extract<DatasetNode, { kind: 'image' }>, known: Known): ItemView {
  const summary = known.image(node);
  const stains = summary?.stains ?? node.image.stains;
  const finest = summary?.levels[0];
  const warnings = summary?.warnings ?? [];
  return {
    label: node.image.title,
    description: [stains.join(', '), finest === undefined ? '' : sizeText(finest.size), finest === undefined ? '' : voxelText(finest.voxelSize), summary === undefined ? '' : count(summary.levels.length, 'level')].filter((part) => part !== '').join(' · '),
    icon: { id: 'layers' },
    expandable: true,
    context: 'image insertable uri refreshable',
    tooltip: [imageTooltip(node.image.path, stains, summary), warningList(warnings)].filter((part) => part !== '').join('\n\n'),
    ...(warnings.length > 0 ? { warnings } : {}),
    command: { id: 'spimquant.image.open', title: 'Open Image' },
  };
}

function imageTooltip(path: string, stains: readonly string[], summary: ImageSummary | undefined): string {
  const rows: [string, string][] = [['Stains', stains.length === 0 ? 'not said' : stains.join(', ')]];
  if (summary === undefined) return `${escapeMarkdown(path)}\n\n${markdownTable(['Image', ''], rows)}`;
  rows.push(['Voxels', summary.voxelType]);
  rows.push(['Orientation', summary.orientation ?? 'not said']);
  if (summary.timepoints > 1) rows.push(['Time points', String(summary.timepoints)]);
  rows.push(['OME-NGFF', summary.ngffVersion]);
  const levels = summary.levels.map((level): readonly string[] => [String(level.level), sizeText(level.size), voxelText(level.voxelSize), sizeText(level.chunk), formatBytes(level.bytes)]);
  return [escapeMarkdown(path), markdownTable(['Image', ''], rows), markdownTable(['Level', 'Size (x y z)', 'Voxel', 'Chunk', 'Uncompressed'], levels)].join('\n\n');
}

function levelFacts(level: LevelSummary): readonly (readonly string[])[] {
  return [['Size (x y z)', sizeText(level.size)], ['Voxel', voxelText(level.voxelSize)], ['Chunk', sizeText(level.chunk)], ['Uncompressed', formatBytes(level.bytes)]];
}

function levelText(level: LevelSummary): string {
  return `${sizeText(level.size)} · ${voxelText(level.voxelSize)} · ${formatBytes(level.bytes)}`;
}

/** `512 × 400 × 300`. */
export function sizeText(size: readonly [number, number, number]): string {
  return size.join(' × ');
}

/** `4 µm` or `1.8 × 1.8 × 4 µm`, of millimetres. */
export function voxelText(millimetres: readonly [number, number, number]): string {
  const written = millimetres.map((side) => String(Number((side * 1000).toPrecision(3))));
  return `${new Set(written).size === 1 ? written[0] : written.join(' × ')} µm`;
}

function addressed(node: DatasetNode, text: string): string {
  const uri = uriOf(node);
  return uri === undefined ? text : `${text}\n\n${escapeMarkdown(uri)}`;
}

function warningList(warnings: readonly string[]): string {
  const shown = warnings.slice(0, 10).map((warning) => `- $(warning) ${escapeMarkdown(warning)}`);
  if (warnings.length > shown.length) shown.push(`- and ${warnings.length - shown.length} more`);
  return shown.join('\n');
}
