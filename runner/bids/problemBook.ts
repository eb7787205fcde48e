import type { Problem, ProblemKind, Severity } from './problems.ts';

/** Places that are remembered of each problem. */
const placesKept = 3;
/** Different problems that are told; of the rest there are numbers. */
const toldAtMost = 1000;

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** How many places have something, and which are the first of them. */
export class Places {
  #count = 0;
  #first: string[] = [];

  get count(): number {
    return this.#count;
  }

  /** In order. */
  get first(): readonly string[] {
    return this.#first;
  }

  add(place: string): void {
    this.#count += 1;
    this.#keep([place]);
  }

  addAll(other: Places): void {
    this.#count += other.count;
    this.#keep(other.first);
  }

  #keep(places: readonly string[]): void {
    const last = this.#first.at(-1);
    if (this.#first.length >= placesKept && last !== undefined && places.every((place) => place > last)) return;
    this.#first = [...this.#first, ...places].sort().slice(0, placesKept);
  }
}

/** The same problem of one or many places. */
export interface ToldProblem extends Omit<Problem, 'where'> {
  readonly places: Places;
}

/** What there is of one kind. */
export interface KindSummary {
  readonly kind: ProblemKind;
  /** Problems by severity. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Participants that have any. */
  readonly participants: number;
}

interface Counted {
  counts: Record<Severity, number>;
  participants: number;
}

/** Problems of any number of participants in little memory: the same problem is told once, with its first places. */
export class ProblemBook {
  readonly #told = new Map<string, ToldProblem>();
  readonly #kinds = new Map<ProblemKind, Counted>();
  #left = 0;

  /** Problems of one participant; with `ofDataset` of the dataset as a whole. */
  add(problems: readonly Problem[], ofDataset = false): void {
    for (const { where, ...problem } of problems) {
      const places = new Places();
      places.add(where);
      this.#count(problem, places);
    }
    if (ofDataset) return;
    for (const kind of new Set(problems.map((problem) => problem.kind))) this.#kindOf(kind).participants += 1;
  }

  /** A problem that many places share. */
  addShared(problem: Omit<Problem, 'where'>, places: Places): void {
    this.#count(problem, places);
    this.#kindOf(problem.kind).participants += places.count;
  }

  /** How many problems there are of a severity, or of all. */
  count(severity?: Severity): number {
    let total = 0;
    for (const { counts } of this.#kinds.values()) for (const each of order) if (severity === undefined || severity === each) total += counts[each];
    return total;
  }

  /** The gravest first, and of those the most frequent. */
  get problems(): readonly ToldProblem[] {
    return [...this.#told.values()].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.places.count - a.places.count
      || (a.places.first[0] === b.places.first[0] ? 0 : a.places.first[0] < b.places.first[0] ? -1 : 1));
  }

  /** Problems that are counted, but too many to be told. */
  get left(): number {
    return this.#left;
  }

  /** By kind, the gravest first. */
  get kinds(): readonly KindSummary[] {
    const grave = ({ counts }: KindSummary): number => order.findIndex((severity) => counts[severity] > 0);
    return [...this.#kinds].map(([kind, { counts, participants }]): KindSummary => ({ kind, counts, participants }))
      .sort((a, b) => grave(a) - grave(b) || order.reduce((sum, severity) => sum + b.counts[severity] - a.counts[severity], 0) || (a.kind < b.kind ? -1 : 1));
  }

  #count(problem: Omit<Problem, 'where'>, places: Places): void {
    this.#kindOf(problem.kind).counts[problem.severity] += places.count;
    const key = `${problem.severity}\n${problem.what}\n${problem.mend}`;
    const known = this.#told.get(key);
    if (known !== undefined) known.places.addAll(places);
    else if (this.#told.size < toldAtMost) this.#told.set(key, { ...problem, places });
    else this.#left += places.count;
  }

  #kindOf(kind: ProblemKind): Counted {
    const known = this.#kinds.get(kind) ?? { counts: { error: 0, warning: 0, note: 0 }, participants: 0 };
    this.#kinds.set(kind, known);
    return known;
  }
}
