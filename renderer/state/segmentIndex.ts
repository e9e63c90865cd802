/**
 * The segments of the open video in order, whole and by label. A change copies what it touches and finds its place by halving, so that one
 * edit among 100,000 segments costs no walk through all of them; a list that did not change stays the same object.
 */
import type { SegmentInfo } from '#core/contract/info';

type Sorted = readonly SegmentInfo[];

const NONE: Sorted = [];
/** With more changes at once, sorting everything is quicker. */
const MOST_PLACED = 64;

/** By start, then by end. */
export function bySpan<T extends { readonly startPts: number; readonly endPts: number }>(a: T, b: T): number {
  return a.startPts - b.startPts || a.endPts - b.endPts;
}

/** First position whose segment does not come before one. */
function placeOf(list: Sorted, segment: SegmentInfo): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bySpan(list[middle]!, segment) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function takeOut(list: SegmentInfo[], segment: SegmentInfo): void {
  let at = placeOf(list, segment);
  while (list[at]!.id !== segment.id) at += 1;
  list.splice(at, 1);
}

/** Segments by place, label and id. */
export class SegmentIndex {
  #all: Sorted = NONE;
  #byLabel = new Map<string, Sorted>();
  readonly #byId = new Map<string, SegmentInfo>();

  /** All of them, sorted by start. */
  get all(): Sorted {
    return this.#all;
  }
  get byId(): ReadonlyMap<string, SegmentInfo> {
    return this.#byId;
  }
  /** A label's, sorted by start. */
  ofLabel(labelId: string): Sorted {
    return this.#byLabel.get(labelId) ?? NONE;
  }

  /** Replaces everything; the list need not be sorted. */
  set(list: readonly SegmentInfo[]): void {
    this.#all = [...list].sort(bySpan);
    this.#byId.clear();
    const byLabel = new Map<string, SegmentInfo[]>();
    for (const segment of this.#all) {
      this.#byId.set(segment.id, segment);
      const same = byLabel.get(segment.labelId);
      if (same === undefined) byLabel.set(segment.labelId, [segment]);
      else same.push(segment);
    }
    this.#byLabel = byLabel;
  }

  /** Puts changed segments into their places; null takes one away. */
  change(changed: ReadonlyMap<string, SegmentInfo | null>): void {
    if (changed.size > MOST_PLACED) {
      const kept = this.#all.filter(({ id }) => !changed.has(id));
      this.set([...kept, ...[...changed.values()].filter((after) => after !== null)]);
      return;
    }
    const all = [...this.#all];
    const touched = new Map<string, SegmentInfo[]>();
    const ofLabel = (labelId: string): SegmentInfo[] => {
      const list = touched.get(labelId) ?? [...this.ofLabel(labelId)];
      touched.set(labelId, list);
      return list;
    };
    for (const [id, after] of changed) {
      const before = this.#byId.get(id);
      if (before !== undefined) {
        for (const list of [all, ofLabel(before.labelId)]) takeOut(list, before);
        this.#byId.delete(id);
      }
      if (after !== null) {
        for (const list of [all, ofLabel(after.labelId)]) list.splice(placeOf(list, after), 0, after);
        this.#byId.set(id, after);
      }
    }
    this.#all = all;
    for (const [labelId, list] of touched) this.#byLabel.set(labelId, list);
  }
}
