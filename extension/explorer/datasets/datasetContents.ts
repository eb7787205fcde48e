import type { DatasetRef, ImageSummary, ParticipantContents } from '../../../runner/protocol/datasets.ts';
import type { RunnerClient } from '../../runner-client/client.types.ts';
import type { ImageRow, ParticipantRow } from './datasetNodes.ts';
import { idOf } from './datasetRows.ts';

type Ask = RunnerClient['request'];

/** What is in participants' folders, and what images are, as far as it was asked for. */
export class DatasetContents {
  readonly #ask: Ask;
  readonly #contents = new Map<string, ParticipantContents>();
  readonly #images = new Map<string, ImageSummary>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** What is known already. */
  participant(row: ParticipantRow): ParticipantContents | undefined {
    return this.#contents.get(idOf('participant', row.dataset, row.label));
  }

  image(row: ImageRow): ImageSummary | undefined {
    return this.#images.get(row.id);
  }

  /** `anew`: bypasses what the runner remembers. Rejects with what it says. */
  async readParticipant({ dataset, label }: Pick<ParticipantRow, 'dataset' | 'label'>, anew = false): Promise<ParticipantContents> {
    const key = idOf('participant', dataset, label);
    const known = anew ? undefined : this.#contents.get(key);
    if (known !== undefined) return known;
    const contents = await this.#ask('datasets.participant', { dataset, label, ...(anew ? { refresh: true } : {}) });
    this.#contents.set(key, contents);
    return contents;
  }

  async readImage(row: ImageRow, anew = false): Promise<ImageSummary> {
    const known = anew ? undefined : this.#images.get(row.id);
    if (known !== undefined) return known;
    // Who looks at its row may open it next. What is wrong with it is told by whoever shows it.
    this.#ask('image.prepare', { image: { uri: row.image.uri, storage: row.dataset.storage } }).catch(() => undefined);
    const image = await this.#ask('datasets.image', { dataset: row.dataset, path: row.image.path, ...(anew ? { refresh: true } : {}) });
    this.#images.set(row.id, image);
    return image;
  }

  forgetParticipant(dataset: DatasetRef, label: string): void {
    const key = idOf('participant', dataset, label);
    for (const image of this.#contents.get(key)?.sessions.flatMap((session) => session.images) ?? []) this.forgetImage(dataset, image.path);
    this.#contents.delete(key);
  }

  forgetImage(dataset: DatasetRef, path: string): void {
    this.#images.delete(idOf('image', dataset, path));
  }

  forget(dataset: DatasetRef): void {
    for (const map of [this.#contents, this.#images]) {
      for (const id of map.keys()) if (id.includes(` ${dataset.uri}|`)) map.delete(id);
    }
  }
}
