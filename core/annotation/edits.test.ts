import { describe, expect, it } from 'vitest';
import type { Edit } from '#core/contract/edit';
import type { PredictionRecord, SegmentRecord } from './document.ts';
import { planEdit } from './edits.ts';
import { createMemoryDocument, type MemoryDocument } from './memory.ts';
import { composePatches, conflictOf, invertPatch, isEmptyPatch, sameRecord, videosOfPatch } from './patch.ts';

const VIDEO = {
  id: 'v',
  name: 'clip.mp4',
  timeBase: { num: 1, den: 1000 },
  averageRate: { num: 25, den: 1 },
  startPts: 100,
  endPts: 10_100,
  subset: 'training',
} as const;
const label = (id: string, order: number) => ({
  id,
  name: id,
  colour: '#000000',
  key: null,
  order,
  parentId: null,
  description: '',
  ignore: false,
});
const segment = (
  id: string,
  startPts: number,
  endPts: number,
  change: Partial<SegmentRecord> = {},
): SegmentRecord => ({
  id,
  videoId: 'v',
  labelId: 'jump',
  startPts,
  endPts,
  source: 'person',
  state: 'labelled',
  score: null,
  modelId: null,
  formerStartPts: null,
  formerEndPts: null,
  note: '',
  attributes: {},
  annotator: 'me',
  ...change,
});
const prediction: PredictionRecord = {
  id: 'p1',
  videoId: 'v',
  modelId: 'm',
  labelId: 'jump',
  startPts: 50,
  endPts: 2000,
  score: 0.7,
  review: 'predicted',
  reviewedBy: null,
  reviewedAt: null,
  segmentId: null,
};
const CONTEXT = { annotator: 'me', at: '2026-01-01T00:00:00Z' };

function documentWith(segments: readonly SegmentRecord[] = []): MemoryDocument {
  return createMemoryDocument({
    videos: [VIDEO],
    labels: [label('jump', 0), label('sit', 1)],
    segments,
    predictions: [prediction],
  });
}
function apply(document: MemoryDocument, edit: Edit): string {
  const { patch, text } = planEdit(document, edit, CONTEXT);
  document.writePatch(patch);
  return text;
}

describe('merge', () => {
  it('keeps the earliest, reaches over all, and joins notes and attributes', () => {
    const document = documentWith([
      segment('b', 300, 400, { note: 'second', attributes: { view: 'side', who: 'b' } }),
      segment('a', 200, 500, { note: 'first', attributes: { who: 'a' } }),
      segment('c', 800, 900, { note: 'second' }),
    ]);
    expect(apply(document, { type: 'merge-segments', ids: ['b', 'c', 'a'] })).toBe('Merge 3 segments');
    expect(document.segments()).toEqual([
      segment('a', 200, 900, { note: 'first\nsecond', attributes: { view: 'side', who: 'a' } }),
    ]);
  });

  it('is refused over labels and videos, and empty when all but one are gone', () => {
    const document = documentWith([segment('a', 200, 300), segment('b', 300, 400, { labelId: 'sit' })]);
    expect(() => apply(document, { type: 'merge-segments', ids: ['a', 'b'] })).toThrow(/one label/);
    const { patch } = planEdit(document, { type: 'merge-segments', ids: ['a', 'gone'] }, CONTEXT);
    expect(isEmptyPatch(patch)).toBe(true);
  });
});

describe('split', () => {
  it('keeps everything on both halves and happens inside only', () => {
    const document = documentWith([segment('a', 200, 300, { note: 'n', attributes: { k: 'v' } })]);
    apply(document, { type: 'split-segment', id: 'a', atPts: 250, newId: 'b' });
    const rest = { note: 'n', attributes: { k: 'v' } };
    expect(document.segments()).toEqual([segment('a', 200, 250, rest), segment('b', 250, 300, rest)]);
    expect(() => apply(document, { type: 'split-segment', id: 'a', atPts: 250, newId: 'c' })).toThrow(
      /inside itself/,
    );
  });
});

describe('review', () => {
  it('accepts with the video’s bounds, adjusts with both edges kept, and reopens when the segment goes', () => {
    const document = documentWith();
    apply(document, {
      type: 'review',
      decisions: [{ predictionId: 'p1', decision: 'accept', segmentId: 's' }],
    });
    expect(document.segment('s')).toMatchObject({
      startPts: 100,
      endPts: 2000,
      state: 'accepted',
      score: 0.7,
    });
    expect(document.prediction('p1')).toMatchObject({ review: 'accepted', reviewedBy: 'me', segmentId: 's' });
    apply(document, { type: 'change-segments', changes: [{ id: 's', endPts: 2500 }] });
    expect(document.segment('s')).toMatchObject({
      state: 'adjusted',
      formerStartPts: 100,
      formerEndPts: 2000,
      endPts: 2500,
    });
    expect(document.prediction('p1')).toMatchObject({ review: 'adjusted' });
    apply(document, { type: 'delete-segments', ids: ['s'] });
    expect(document.prediction('p1')).toMatchObject({
      review: 'predicted',
      reviewedBy: null,
      segmentId: null,
    });
  });

  it('rejects what was accepted and takes its segment away; twice is once', () => {
    const document = documentWith();
    apply(document, { type: 'review', decisions: [{ predictionId: 'p1', decision: 'accept' }] });
    expect(document.segments()).toHaveLength(1);
    const reject: Edit = { type: 'review', decisions: [{ predictionId: 'p1', decision: 'reject' }] };
    apply(document, reject);
    expect(document.segments()).toEqual([]);
    expect(isEmptyPatch(planEdit(document, reject, CONTEXT).patch)).toBe(true);
  });
});

describe('labels', () => {
  it('are deleted with their segments and reviews; children move up', () => {
    const document = documentWith([segment('a', 200, 300)]);
    apply(document, { type: 'change-label', label: { id: 'sit', parentId: 'jump' } });
    apply(document, { type: 'review', decisions: [{ predictionId: 'p1', decision: 'accept' }] });
    const { patch, text } = planEdit(document, { type: 'delete-label', id: 'jump' }, CONTEXT);
    expect(text).toBe('Delete label jump and its 2 segments');
    const before = [document.labels(), document.segments(), document.prediction('p1')];
    document.writePatch(patch);
    expect(document.segments()).toEqual([]);
    expect(document.labels()).toEqual([{ ...label('sit', 1), parentId: null }]);
    expect(document.prediction('p1')?.review).toBe('predicted');
    document.writePatch(invertPatch(patch));
    expect([document.labels(), document.segments(), document.prediction('p1')]).toEqual(before);
  });

  it('are ordered as asked, the others behind; a cycle of parents is refused', () => {
    const document = documentWith();
    apply(document, { type: 'order-labels', ids: ['sit'] });
    expect(document.labels().map(({ id }) => id)).toEqual(['sit', 'jump']);
    apply(document, { type: 'change-label', label: { id: 'sit', parentId: 'jump' } });
    expect(() => apply(document, { type: 'change-label', label: { id: 'jump', parentId: 'sit' } })).toThrow(
      /below itself/,
    );
  });
});

describe('patches', () => {
  it('compose to one, and to nothing when they cancel out', () => {
    const document = documentWith();
    const add = planEdit(
      document,
      {
        type: 'add-segments',
        segments: [
          { id: 's', videoId: 'v', labelId: 'jump', startPts: 200, endPts: 300, note: '', attributes: {} },
        ],
      },
      CONTEXT,
    ).patch;
    document.writePatch(add);
    const move = planEdit(
      document,
      { type: 'change-segments', changes: [{ id: 's', endPts: 400 }] },
      CONTEXT,
    ).patch;
    const both = composePatches(add, move);
    expect(both.segments).toEqual([{ id: 's', before: null, after: segment('s', 200, 400) }]);
    expect(videosOfPatch(both)).toEqual(['v']);
    expect(isEmptyPatch(composePatches(both, invertPatch(both)))).toBe(true);
  });

  it('conflict with what was changed since, in words', () => {
    const document = documentWith([segment('a', 200, 300)]);
    const undo = invertPatch({
      labels: [{ id: 'jump', before: null, after: label('jump', 0) }],
      segments: [],
      covered: [],
      subsets: [],
      reviews: [],
    });
    expect(conflictOf(undo, document)).toBe('the label "jump" is used by segments that were made since');
    expect(sameRecord({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 })).toBe(true);
    expect(sameRecord({ a: 1 }, { a: 1, b: undefined })).toBe(false);
  });
});
