/**
 * A patch: which records a change touched, before and after. Undo writes the befores, redo the afters.
 *
 * Every edit becomes one patch, and the history is a list of patches; so undo needs no knowledge of what an edit meant, and any
 * moment of the past is the present with patches taken back. Pure data: JSON in, JSON out.
 */
import type { Subset } from './document.ts';
import type { CoveredRange, DocumentReader, LabelRecord, ReviewRecord, SegmentRecord } from './document.ts';
import { reviewOf } from './document.ts';

/** One record's change; null: it did not exist, or exists no longer. */
export interface Change<T> {
  readonly id: string;
  readonly before: T | null;
  readonly after: T | null;
}

/** Everything that one step changes. A record appears at most once. */
export interface DocumentPatch {
  readonly labels: readonly Change<LabelRecord>[];
  readonly segments: readonly Change<SegmentRecord>[];
  /** Covered ranges by video id. */
  readonly covered: readonly Change<readonly CoveredRange[]>[];
  /** Subsets by video id. */
  readonly subsets: readonly Change<Subset>[];
  /** Reviews by prediction id; `videoId` tells whose. */
  readonly reviews: readonly (Change<ReviewRecord> & { readonly videoId: string })[];
}

/** The patch that changes nothing. */
export const EMPTY_PATCH: DocumentPatch = { labels: [], segments: [], covered: [], subsets: [], reviews: [] };

/** Whether a patch changes nothing. */
export function isEmptyPatch(patch: DocumentPatch): boolean {
  return (
    patch.labels.length +
      patch.segments.length +
      patch.covered.length +
      patch.subsets.length +
      patch.reviews.length ===
    0
  );
}

/** The patch that takes another back. */
export function invertPatch(patch: DocumentPatch): DocumentPatch {
  const invert = <C extends Change<unknown>>(changes: readonly C[]): C[] =>
    changes.map((change) => ({ ...change, before: change.after, after: change.before }));
  return {
    labels: invert(patch.labels),
    segments: invert(patch.segments),
    covered: invert(patch.covered),
    subsets: invert(patch.subsets),
    reviews: invert(patch.reviews),
  };
}

/** Whether two records say the same, whatever the order of their keys. */
export function sameRecord(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && sameRecord(left[key], right[key]))
  );
}

/** One patch that does what `first` and then `second` do; changes that cancel out are dropped. */
export function composePatches(first: DocumentPatch, second: DocumentPatch): DocumentPatch {
  const compose = <C extends Change<unknown>>(a: readonly C[], b: readonly C[]): C[] => {
    const changes = new Map<string, C>(a.map((change) => [change.id, change]));
    for (const change of b) {
      const earlier = changes.get(change.id);
      changes.set(change.id, earlier === undefined ? change : { ...change, before: earlier.before });
    }
    return [...changes.values()].filter((change) => !sameRecord(change.before, change.after));
  };
  return {
    labels: compose(first.labels, second.labels),
    segments: compose(first.segments, second.segments),
    covered: compose(first.covered, second.covered),
    subsets: compose(first.subsets, second.subsets),
    reviews: compose(first.reviews, second.reviews),
  };
}

/** Ids of the videos whose annotation a patch touches, each once. */
export function videosOfPatch(patch: DocumentPatch): string[] {
  const ids = new Set<string>();
  for (const { before, after } of patch.segments) {
    if (before !== null) ids.add(before.videoId);
    if (after !== null) ids.add(after.videoId);
  }
  for (const { id } of patch.covered) ids.add(id);
  for (const { id } of patch.subsets) ids.add(id);
  for (const { videoId } of patch.reviews) ids.add(videoId);
  return [...ids];
}

/**
 * Why a patch cannot be written onto a document: somebody changed one of its records since.
 *
 * @returns a clause for a person, or null when every `before` is what the document holds
 */
export function conflictOf(patch: DocumentPatch, reader: DocumentReader): string | null {
  for (const { id, before, after } of patch.labels) {
    const current = reader.label(id) ?? null;
    const name = current?.name ?? before?.name ?? after?.name ?? id;
    if (!sameRecord(current, before)) return `the label "${name}" has changed since`;
    if (after === null) {
      const leaving = new Set(patch.segments.filter((c) => c.after?.labelId !== id).map((c) => c.id));
      if (reader.segmentsOfLabel(id).some((segment) => !leaving.has(segment.id))) {
        return `the label "${name}" is used by segments that were made since`;
      }
    }
  }
  const returning = new Set(patch.labels.filter((c) => c.after !== null).map((c) => c.id));
  for (const { id, before, after } of patch.segments) {
    if (!sameRecord(reader.segment(id) ?? null, before)) {
      return before === null
        ? 'a segment of this step is there already'
        : 'a segment of this step has changed since';
    }
    if (after !== null) {
      if (reader.video(after.videoId) === undefined) return 'its video is no longer in the project';
      if (reader.label(after.labelId) === undefined && !returning.has(after.labelId)) {
        return 'its label is no longer in the project';
      }
    }
  }
  for (const { id, before } of patch.covered) {
    if (reader.video(id) === undefined) return 'its video is no longer in the project';
    if (!sameRecord(reader.covered(id), before ?? [])) return 'the covered ranges have changed since';
  }
  for (const { id, before } of patch.subsets) {
    const video = reader.video(id);
    if (video === undefined) return 'its video is no longer in the project';
    if (video.subset !== before) return 'the subset has changed since';
  }
  for (const { id, before } of patch.reviews) {
    const prediction = reader.prediction(id);
    if (prediction === undefined) return 'its prediction is no longer in the project';
    if (!sameRecord(reviewOf(prediction), before)) return 'the review has changed since';
  }
  return null;
}
