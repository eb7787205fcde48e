import type { DatasetRef, ImageEntry, ParticipantContents } from '../../runner/protocol/datasets.ts';
import type { RunnerClient } from '../runner-client/client.types.ts';
import { below } from '../explorer/datasets/datasetNodes.ts';

/** What forms ask the runner with. */
export type Asks = Pick<RunnerClient, 'request'>;

/** Participants asked for at once; the runner's limit. */
const pageSize = 1000;
/** A participants.tsv beyond this is no table of participants. */
const tableBytes = 20_000_000;

/** Labels of all participants, without `sub-`. Waits until they are counted. */
export async function allParticipants(runner: Asks, dataset: DatasetRef, signal: AbortSignal): Promise<readonly string[]> {
  const labels: string[] = [];
  let resumed = false;
  for (;;) {
    const page = await runner.request('datasets.participants', { dataset, offset: labels.length, limit: pageSize }, { signal });
    labels.push(...page.labels);
    if (page.counting === true) continue;
    if (page.incomplete === true && !resumed) {
      resumed = true;
      await runner.request('datasets.counting', { dataset, on: true }, { signal });
    } else if (labels.length >= page.total || page.labels.length === 0) {
      return labels;
    }
  }
}

/** An image and where it belongs. */
export interface PlacedImage {
  readonly image: ImageEntry;
  readonly session?: string;
}

/** All images of a participant, sessions in order. */
export function imagesOf(contents: ParticipantContents): readonly PlacedImage[] {
  return contents.sessions.flatMap((session) => session.images.map((image) => ({ image, ...(session.label === undefined ? {} : { session: session.label }) })));
}

/** Stains of an image: its sidecar's, else those that it says itself. */
export async function stainsOfImage(runner: Asks, dataset: DatasetRef, image: ImageEntry, signal: AbortSignal): Promise<readonly string[]> {
  if (image.stains.length > 0) return image.stains;
  return (await runner.request('datasets.image', { dataset, path: image.path }, { signal })).stains;
}

/** Stains of the first participant that has any, in the order of its images: what a form offers. At most three are looked at. */
export async function stainsOfDataset(runner: Asks, dataset: DatasetRef, participants: readonly string[] | 'all', signal: AbortSignal): Promise<readonly string[]> {
  const labels = participants === 'all' ? (await runner.request('datasets.participants', { dataset, offset: 0, limit: 3 }, { signal })).labels : participants.slice(0, 3);
  for (const label of labels) {
    const contents = await runner.request('datasets.participant', { dataset, label }, { signal });
    const stains = new Set<string>();
    for (const { image } of imagesOf(contents)) for (const stain of await stainsOfImage(runner, dataset, image, signal)) stains.add(stain);
    if (stains.size > 0) return [...stains];
  }
  return [];
}

/** Text of a dataset's participants.tsv. */
export async function participantsTable(runner: Asks, dataset: DatasetRef, signal: AbortSignal): Promise<string> {
  const { base64 } = await runner.request('storage.read', { uri: below(dataset.uri, 'participants.tsv'), maxBytes: tableBytes, storage: dataset.storage }, { signal });
  return Buffer.from(base64, 'base64').toString('utf8');
}
