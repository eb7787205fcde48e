import { join } from 'node:path';
import type { PathFilter } from '../protocol/options.ts';
import type { Json } from '../protocol/json.ts';
import type { ObjectStat } from '../storage/objectStore.ts';
import { sameContent } from './contents.ts';
import type { Ends } from './ends.ts';
import { chooser, listedPrefixes } from './filters.ts';
import { LineWriter, readLines } from './lineFile.ts';
import { FolderConflicts, isImageRoot, isProtected, localNameProblem, unusableReason } from './names.ts';
import { decide } from './policy.ts';
import type { Decision } from './policy.ts';
import type { CopyRecords } from './record.ts';
import type { DiskRoom } from './room.ts';
import { joinByKey, ordered, OutOfOrder } from './sides.ts';
import type { Joined } from './sides.ts';
import { clashes, foldsCase } from './caseClashes.ts';
import type { CopyItem, CopyRecord, DeleteItem, Problem, Sum } from './transfer.types.ts';

/** What a plan is made of. */
export interface PlanRequest {
  readonly ends: Ends;
  readonly filters: readonly PathFilter[];
  /** Whether what only the destination has is to be deleted. */
  readonly deletes: boolean;
  readonly byContent: boolean;
  readonly forced: boolean;
  readonly records: CopyRecords;
  /** Leave the records as they are. */
  readonly dry: boolean;
  /** Folder for the plan's own files; the caller removes it. */
  readonly scratch: string;
  /** Of the destination's disk, when it is one. */
  readonly room: DiskRoom | undefined;
  readonly platform: NodeJS.Platform;
  /** Whether the destination's disk takes capitals and small letters for the same; found out when left out. */
  readonly foldsCase?: boolean;
  readonly signal: AbortSignal;
  /** Told now and then how many objects were compared. */
  readonly progress?: (compared: number) => void;
}

/** What a transfer will do. Its rows are in files: there may be millions. */
export interface TransferPlan {
  readonly copy: Sum;
  /** Left as they are. */
  readonly skip: Sum;
  readonly delete: Sum;
  /** Objects of the destination that the source does not have, whether they are deleted or not. */
  readonly extra: number;
  /** Objects that were listed on either side and take part. */
  readonly sourceFiles: number;
  readonly destinationFiles: number;
  /** Objects of the source that filters leave out, as far as they are listed: where only named folders are included, others are not looked at. */
  readonly excluded: number;
  /** Objects that cannot be copied. */
  readonly problems: number;
  /** Of those that were to be compared by content: those that could not be, and were judged by record or age. */
  readonly uncompared: number;
  /** Bytes that the copies take on the disk of a local destination. */
  readonly bytesOnDisk: number;
  /** `last`: the metadata by which images are known, which have to come after everything else; else all others. */
  items(last: boolean): AsyncIterable<CopyItem>;
  deletions(): AsyncIterable<DeleteItem>;
  problemList(): AsyncIterable<Problem>;
}

/** Objects compared between two calls of `progress`. */
const progressEvery = 500;

/**
 * Lists both ends side by side and decides what becomes of every object. Changes nothing but the record of what was
 * copied (and that only when it is not dry). Throws as stores do; a listing that fails ends the plan.
 */
export async function planTransfer(request: PlanRequest): Promise<TransferPlan> {
  const sorted = { source: false, destination: false };
  for (;;) {
    try {
      return await new Planner(request, sorted).plan();
    } catch (error) {
      if (!(error instanceof OutOfOrder) || sorted[error.side]) throw error;
      sorted[error.side] = true;
    }
  }
}

/** What a row of the source comes to before its name is checked against its neighbours. */
interface Pending {
  readonly key: string;
  /** Undefined: it stays as it is. */
  readonly item?: CopyItem;
}

class Planner {
  readonly #request: PlanRequest;
  readonly #sorted: { readonly source: boolean; readonly destination: boolean };
  readonly #chooses: (key: string) => boolean;
  readonly #conflicts = new FolderConflicts<Pending>();
  readonly #sums = { copy: { files: 0, bytes: 0 }, skip: { files: 0, bytes: 0 }, delete: { files: 0, bytes: 0 } };
  readonly #counts = { extra: 0, sourceFiles: 0, destinationFiles: 0, excluded: 0, problems: 0, uncompared: 0, bytesOnDisk: 0 };
  readonly #unusable: Problem[] = [];
  #compared = 0;

  constructor(request: PlanRequest, sorted: { readonly source: boolean; readonly destination: boolean }) {
    this.#request = request;
    this.#sorted = sorted;
    this.#chooses = chooser(request.filters);
  }

  async plan(): Promise<TransferPlan> {
    const { scratch, dry, records, ends } = this.#request;
    const folds = ends.destination.local && (this.#request.foldsCase ?? await foldsCase(ends.destination.uri));
    const paths = { copy: join(scratch, 'copy.ndjson'), late: join(scratch, 'late.ndjson'), delete: join(scratch, 'delete.ndjson'), problem: join(scratch, 'problem.ndjson'), names: join(scratch, 'names.ndjson') };
    {
      await using copy = await LineWriter.create(paths.copy);
      await using late = await LineWriter.create(paths.late);
      await using deletions = await LineWriter.create(paths.delete);
      await using problems = await LineWriter.create(paths.problem);
      await using names = folds ? await LineWriter.create(paths.names) : undefined;
      const out: Files = { copy, late, deletions, problems, names };
      if (!dry) await records.renew();
      for await (const joined of this.#rows()) await this.#take(joined, out);
      for (const settled of this.#conflicts.end()) await this.#settle(settled, out);
      for (const problem of this.#unusable.splice(0)) await this.#problem(problem, out);
      for (const writer of [copy, late, deletions, problems, names]) await writer?.close();
    }
    const dropped = folds ? await this.#dropClashes(paths) : undefined;
    if (!dry) await records.renewed();
    this.#request.progress?.(this.#compared);
    return {
      ...this.#sums, ...this.#counts,
      async *items(last) {
        for await (const item of readLines(last ? paths.late : paths.copy)) if (dropped?.has((item as CopyItem).key) !== true) yield item as CopyItem;
      },
      async *deletions() {
        for await (const item of readLines(paths.delete)) if (dropped?.has((item as DeleteItem).key) !== true) yield item as DeleteItem;
      },
      problemList: () => readLines(paths.problem) as AsyncIterable<Problem>,
    };
  }

  #rows(): AsyncGenerator<Joined<ObjectStat, ObjectStat, CopyRecord>> {
    const { ends, records, scratch, signal } = this.#request;
    const unusable = ({ name, size }: { readonly name: string; readonly size: number }): void => {
      // Empty objects that end in a slash only stand for folders.
      if (size === 0 && name.endsWith('/')) return;
      if (this.#chooses(name)) this.#unusable.push({ key: name, reason: unusableReason(name) });
    };
    const prefixes = listedPrefixes(this.#request.filters);
    const only = prefixes === undefined ? {} : { prefixes };
    return joinByKey(
      ordered(ends.source.list({ signal, unusable, ...only }), 'source', this.#sorted.source, scratch),
      ordered(ends.destination.list({ signal, ...only }), 'destination', this.#sorted.destination, scratch),
      records.all(),
    );
  }

  async #take({ key, source, destination, record }: Joined<ObjectStat, ObjectStat, CopyRecord>, out: Files): Promise<void> {
    const { dry, records, deletes, ends, room } = this.#request;
    for (const problem of this.#unusable.splice(0)) await this.#problem(problem, out);
    if (isProtected(key)) return;
    if (!this.#chooses(key)) {
      if (source !== undefined) this.#counts.excluded += 1;
      if (record !== undefined && !dry) await records.keep(record);
      return;
    }
    if (++this.#compared % progressEvery === 0) this.#request.progress?.(this.#compared);
    if (source !== undefined) this.#counts.sourceFiles += 1;
    if (destination !== undefined) this.#counts.destinationFiles += 1;
    // Only the record has it: it was deleted on both sides.
    if (source === undefined && destination === undefined) return;
    const decision = await this.#decide(source, destination, record);
    switch (decision.do) {
      case 'delete': {
        const size = destination?.size ?? 0;
        this.#counts.extra += 1;
        await out.names?.add({ key, kind: 'extra' });
        if (!deletes) return;
        add(this.#sums.delete, size);
        await out.deletions.add({ key, size });
        return;
      }
      case 'skip':
        if (source === undefined || destination === undefined) return;
        add(this.#sums.skip, source.size);
        if (!dry) await records.keep({ key, size: source.size, source: source.version, destination: destination.version });
        await this.#pend({ key }, out);
        return;
      case 'copy': {
        if (source === undefined) return;
        if (record !== undefined && !dry) await records.keep(record);
        const problem = ends.destination.local ? localNameProblem(key, ends.destination.uri, this.#request.platform) : undefined;
        if (problem !== undefined) return this.#problem({ key, reason: problem }, out);
        const { size, version, modified, checksums } = source;
        if (room !== undefined) this.#counts.bytesOnDisk += Math.ceil(size / room.block) * room.block;
        await this.#pend({ key, item: { key, size, version, ...(modified === undefined ? {} : { modified }), ...(checksums === undefined ? {} : { checksums }), why: decision.why } }, out);
      }
    }
  }

  async #decide(source: ObjectStat | undefined, destination: ObjectStat | undefined, record: CopyRecord | undefined): Promise<Exclude<Decision, { do: 'compare' }>> {
    const { forced, byContent, ends, signal } = this.#request;
    const evidence = { source, destination, record, forced, byContent };
    const decision = decide(evidence);
    if (decision.do !== 'compare' || source === undefined || destination === undefined) return decision as Exclude<Decision, { do: 'compare' }>;
    const same = await sameContent({ store: ends.source.store, key: ends.source.keyOf(source.key), stat: source }, { store: ends.destination.store, key: destination.key, stat: destination }, signal);
    if (same === undefined) this.#counts.uncompared += 1;
    return decide({ ...evidence, byContent: false, ...(same === undefined ? {} : { sameContent: same }) }) as Exclude<Decision, { do: 'compare' }>;
  }

  /** Holds a row back until it is clear that no others lie below it, where that matters. */
  async #pend(pending: Pending, out: Files): Promise<void> {
    const settled = this.#request.ends.destination.local ? this.#conflicts.next(pending) : [{ item: pending, isFolder: false }];
    for (const each of settled) await this.#settle(each, out);
  }

  async #settle({ item: { key, item }, isFolder }: { readonly item: Pending; readonly isFolder: boolean }, out: Files): Promise<void> {
    await out.names?.add({ key, kind: item === undefined ? 'skip' : 'copy' });
    if (item === undefined) return;
    // An empty one only stands for the folder.
    if (isFolder && item.size === 0) return;
    if (isFolder) return this.#problem({ key, reason: 'others lie below it as in a folder, and a disk cannot have a file and a folder of one name' }, out);
    add(this.#sums.copy, item.size);
    await (isImageRoot(key) ? out.late : out.copy).add(item as unknown as Json);
  }

  async #problem(problem: Problem, out: Pick<Files, 'problems'>): Promise<void> {
    this.#counts.problems += 1;
    await out.problems.add({ ...problem });
  }

  /** Takes out what the disk would take for another file of the destination. Returns the keys. */
  async #dropClashes(paths: { readonly names: string; readonly problem: string }): Promise<ReadonlySet<string>> {
    const dropped = new Set<string>();
    const problems: Problem[] = [];
    for await (const { key, kind, other } of clashes(readLines(paths.names) as AsyncIterable<{ readonly key: string; readonly kind: 'copy' | 'skip' | 'extra' }>, this.#request.scratch)) {
      dropped.add(key);
      if (kind === 'copy') problems.push({ key, reason: `the disk takes it for the same as ${other}: it does not tell capitals from small letters` });
    }
    if (dropped.size === 0) return dropped;
    const sizes = new Map<string, number>();
    for (const path of [join(this.#request.scratch, 'copy.ndjson'), join(this.#request.scratch, 'late.ndjson')]) {
      for await (const item of readLines(path)) if (dropped.has((item as CopyItem).key)) sizes.set((item as CopyItem).key, (item as CopyItem).size);
    }
    for (const size of sizes.values()) add(this.#sums.copy, size, -1);
    for await (const item of readLines(join(this.#request.scratch, 'delete.ndjson'))) {
      if (dropped.has((item as DeleteItem).key)) add(this.#sums.delete, (item as DeleteItem).size, -1);
    }
    const known: Problem[] = [];
    for await (const problem of readLines(paths.problem)) known.push(problem as Problem);
    await using writer = await LineWriter.create(paths.problem);
    for (const problem of [...known, ...problems]) await writer.add({ ...problem });
    await writer.close();
    this.#counts.problems += problems.length;
    return dropped;
  }
}

interface Files {
  readonly copy: LineWriter;
  readonly late: LineWriter;
  readonly deletions: LineWriter;
  readonly problems: LineWriter;
  /** All names, where capitals do not count. */
  readonly names: LineWriter | undefined;
}

function add(sum: { files: number; bytes: number }, bytes: number, sign: 1 | -1 = 1): void {
  sum.files += sign;
  sum.bytes += sign * bytes;
}
