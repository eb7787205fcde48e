import { setImmediate } from 'node:timers/promises';
import type { Vec3 } from '../kernels/geometry.ts';
import type { ObjectStore } from '../storage/objectStore.ts';
import { allRegions } from './anatomy.ts';
import type { PhantomParticipant } from './cohort.ts';
import { writePhantomImage } from './image.ts';
import type { PhantomObject } from './objects.ts';
import { pyramid, type PyramidLevel } from './pyramid.ts';
import { phantomSubject, type PhantomSubject } from './subject.ts';

/** Raised when the same spec would give other bytes, so that datasets on disk are made anew. */
const generatorVersion = 1;

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** Called after each participant. */
  readonly onParticipant?: (label: string) => void;
}

/** Written last: says what of the dataset is whole. */
const marker = 'derivatives/truth/generated.json';
/** How the dataset names its maker. */
const generator = 'SPIMquant phantom';

/** Whether a dataset was made here, wholly or in part. */
export async function isGenerated(store: ObjectStore): Promise<boolean> {
  const description = await store.read('dataset_description.json');
  return description !== undefined && new TextDecoder().decode(description).includes(`"${generator}"`);
}

/** Path of a participant's image inside the dataset. */
export function imagePath(label: string): string {
  return `sub-${label}/micr/sub-${label}_sample-brain_acq-phantom_SPIM.ome.zarr`;
}

/** Path of a participant's truth inside the dataset. */
export function truthPath(label: string): string {
  return `derivatives/truth/sub-${label}/sub-${label}_sample-brain_acq-phantom_truth.json`;
}

/**
 * Writes a BIDS dataset of phantom participants: description, participants and samples tables, one OME-Zarr image each,
 * and under `derivatives/truth` what is true of them. What is there already from the same participants is kept, so that
 * a second call costs nothing; the marker that says so is written last.
 */
export async function writePhantomDataset(store: ObjectStore, participants: readonly PhantomParticipant[], options: WriteOptions = {}): Promise<void> {
  const content = json({ generatorVersion, participants });
  const present = await store.read(marker);
  options.signal?.throwIfAborted();
  if (present !== undefined && new TextDecoder().decode(present) === content) return;

  await store.write('dataset_description.json', json({ Name: 'Phantom brains', BIDSVersion: '1.10.0', DatasetType: 'raw', License: 'CC0', GeneratedBy: [{ Name: generator }] }));
  await store.write('README', 'Generated brains with known plaques. What is true of them is in derivatives/truth.\n');
  const columns = [...new Set(participants.flatMap((participant) => Object.keys(participant.columns)))];
  await store.write('participants.tsv', tsv([
    ['participant_id', ...columns],
    ...participants.map((participant) => [`sub-${participant.label}`, ...columns.map((column) => participant.columns[column] ?? 'n/a')]),
  ]));
  await store.write('samples.tsv', tsv([
    ['participant_id', 'sample_id', 'sample_type'],
    ...participants.map(({ label }) => [`sub-${label}`, 'sample-brain', 'tissue']),
  ]));
  for (const participant of participants) {
    await writeParticipant(store, participant, options.signal);
    options.onParticipant?.(participant.label);
  }
  await store.write('derivatives/truth/dataset_description.json', json({ Name: 'Truth of the phantom brains', BIDSVersion: '1.10.0', DatasetType: 'derivative', GeneratedBy: [{ Name: generator }] }));
  await store.write(marker, content);
}

async function writeParticipant(store: ObjectStore, participant: PhantomParticipant, signal: AbortSignal | undefined): Promise<void> {
  const subject = phantomSubject(participant.subject);
  const channels = (await renderChannels(subject, signal)).map((base) => pyramid(base, participant.levels));
  await writePhantomImage(store, imagePath(participant.label), participant, channels, signal);
  if (participant.sidecar) {
    await store.write(imagePath(participant.label).replace(/\.ome\.zarr$/, '.json'), json({
      SampleStaining: participant.subject.stains, OrientationStringXYZ: participant.subject.orientation, SampleEnvironment: 'ex vivo',
    }));
  }
  await store.write(truthPath(participant.label), json(truthReport(subject)));
}

/** All channels of a subject at full resolution. */
async function renderChannels(subject: PhantomSubject, signal: AbortSignal | undefined): Promise<readonly PyramidLevel[]> {
  const size: Vec3 = subject.spec.size;
  const plane = size[0] * size[1];
  const channels = subject.spec.stains.map(() => new Uint16Array(plane * size[2]));
  for (let z = 0; z < size[2]; z++) {
    // Drawing is computing without a pause: without this nobody could cancel.
    if (z % 8 === 0) await setImmediate();
    signal?.throwIfAborted();
    subject.renderPlane(z).forEach((values, k) => { channels[k].set(values, plane * z); });
  }
  return channels.map((data) => ({ size, data }));
}

function truthReport({ spec, truth }: PhantomSubject): unknown {
  const name = new Map(allRegions.map((region) => [region.index, region.name]));
  const object = ({ stain, center, radius, label }: PhantomObject): unknown => ({
    stain, center: center.map(rounded), radius: rounded(radius), index: label, name: name.get(label) ?? 'outside',
  });
  return {
    Description: 'Centres and radii in RAS millimetres of level 0. Counts by region index of the atlas all of the template phantom.',
    Counts: Object.fromEntries(spec.stains.map((stain) => [stain, Object.fromEntries(truth.counts(stain))])),
    Overlaps: truth.overlaps.length,
    Objects: truth.objects.map(object),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function tsv(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.join('\t')}\n`).join('');
}
