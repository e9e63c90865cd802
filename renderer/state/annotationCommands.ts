/**
 * What a person can do to the annotation, in terms of frames: each function is one edit, one step to undo.
 *
 * Frames here are boundaries: `firstFrame` is the first frame inside, `lastFrame` the boundary after the last one.
 */
import { subtractRanges, unionRanges } from '#core/annotation/covered';
import type { Edit, NewSegment } from '#core/contract/edit';
import type { PredictionInfo, SegmentInfo } from '#core/contract/info';
import { ptsOfFrame } from '#core/timeline/frameTimes';
import { applyEdit, doc } from './document.svelte.ts';
import { labels, nextColour } from './labels.svelte.ts';
import { sendEdit } from './edits.svelte.ts';
import { notifyError } from './notices.svelte.ts';

/** A new id; made here so that an edit that is sent twice is done once. */
export function newId(): string {
  return crypto.randomUUID();
}

/** Adds a segment between two boundaries. @returns its id, or null when there is no video */
export async function addSegment(
  labelId: string,
  firstFrame: number,
  lastFrame: number,
  select: boolean,
): Promise<string | null> {
  const videoId = doc.video?.id;
  if (videoId === undefined) {
    return null;
  }
  const id = newId();
  const segment: NewSegment = {
    id,
    videoId,
    labelId,
    startPts: ptsOfFrame(doc.times, firstFrame),
    endPts: ptsOfFrame(doc.times, lastFrame),
    note: '',
    attributes: {},
  };
  const done = applyEdit({ type: 'add-segments', segments: [segment] });
  if (select) {
    doc.selection = new Set([id]);
  }
  return (await done) ? id : null;
}

/** Adds copies of segments; times are theirs. */
export async function addSegments(segments: readonly NewSegment[]): Promise<void> {
  if (segments.length > 0) {
    const done = applyEdit({ type: 'add-segments', segments: [...segments] });
    doc.selection = new Set(segments.map((segment) => segment.id));
    await done;
  }
}

/** Moves edges of segments and predictions; a prediction becomes adjusted. @param labelId another label for all of them */
export async function moveItems(
  moves: readonly { readonly id: string; readonly firstFrame: number; readonly lastFrame: number }[],
  labelId?: string,
): Promise<void> {
  const label = labelId === undefined ? {} : { labelId };
  const changes = moves
    .filter(({ id }) => doc.segmentById.has(id))
    .map(({ id, firstFrame, lastFrame }) => ({
      id,
      startPts: ptsOfFrame(doc.times, firstFrame),
      endPts: ptsOfFrame(doc.times, lastFrame),
      ...label,
    }));
  const decisions = moves.flatMap(({ id, firstFrame, lastFrame }) => {
    const prediction = doc.predictionById.get(id);
    return prediction === undefined
      ? []
      : [
          {
            predictionId: id,
            decision: 'adjust' as const,
            segmentId: prediction.segmentId ?? newId(),
            startPts: ptsOfFrame(doc.times, firstFrame),
            endPts: ptsOfFrame(doc.times, lastFrame),
            ...label,
          },
        ];
  });
  if (changes.length > 0) {
    await applyEdit({ type: 'change-segments', changes });
  }
  if (decisions.length > 0) {
    const done = applyEdit({ type: 'review', decisions });
    doc.selection = new Set(decisions.map((decision) => decision.segmentId));
    await done;
  }
}

/** Gives another label to what is given; predictions become segments of that label. */
export async function relabel(ids: readonly string[], labelId: string): Promise<void> {
  const changes = ids.filter((id) => doc.segmentById.has(id)).map((id) => ({ id, labelId }));
  const decisions = predictionsOf(ids).map((prediction) => ({
    predictionId: prediction.id,
    decision: 'adjust' as const,
    segmentId: prediction.segmentId ?? newId(),
    labelId,
  }));
  if (changes.length > 0) {
    await applyEdit({ type: 'change-segments', changes });
  }
  if (decisions.length > 0) {
    await applyEdit({ type: 'review', decisions });
  }
}

function predictionsOf(ids: readonly string[]): PredictionInfo[] {
  return ids.flatMap((id) => doc.predictionById.get(id) ?? []);
}

/** Accepts predictions; each becomes a segment. */
export async function acceptPredictions(ids: readonly string[]): Promise<void> {
  const decisions = predictionsOf(ids)
    .filter((prediction) => prediction.review !== 'accepted')
    .map((prediction) => ({ predictionId: prediction.id, decision: 'accept' as const, segmentId: newId() }));
  if (decisions.length > 0) {
    const done = applyEdit({ type: 'review', decisions });
    doc.selection = new Set(decisions.map((decision) => decision.segmentId));
    await done;
  }
}

/** Deletes segments and rejects predictions. */
export async function removeItems(ids: readonly string[]): Promise<void> {
  const segmentIds = ids.filter((id) => doc.segmentById.has(id));
  const decisions = predictionsOf(ids)
    .filter((prediction) => prediction.review === 'predicted')
    .map((prediction) => ({ predictionId: prediction.id, decision: 'reject' as const }));
  if (segmentIds.length > 0) {
    await applyEdit({ type: 'delete-segments', ids: segmentIds });
  }
  if (decisions.length > 0) {
    doc.selection = new Set();
    await applyEdit({ type: 'review', decisions });
  }
}

/** Splits segments at a boundary that lies inside them. */
export async function splitAt(ids: readonly string[], frame: number): Promise<void> {
  const atPts = ptsOfFrame(doc.times, frame);
  for (const id of ids) {
    const segment = doc.segmentById.get(id);
    if (segment !== undefined && segment.startPts < atPts && atPts < segment.endPts) {
      await applyEdit({ type: 'split-segment', id, atPts, newId: newId() });
    }
  }
}

/** Merges the given segments of one label, or a single one with the next of its label. */
export async function mergeItems(ids: readonly string[]): Promise<void> {
  const chosen = ids.flatMap((id) => doc.segmentById.get(id) ?? []);
  const [first] = chosen;
  if (first === undefined) {
    return;
  }
  const next = doc.segments.find(
    (other) => other.labelId === first.labelId && other.startPts > first.startPts,
  );
  const merged = chosen.length > 1 ? chosen : next === undefined ? [] : [first, next];
  const same = merged.filter((segment) => segment.labelId === first.labelId);
  if (same.length > 1) {
    await applyEdit({ type: 'merge-segments', ids: same.map((segment) => segment.id) });
  }
}

/** Marks a stretch as fully labelled, or takes the mark away. */
export async function coverRange(firstFrame: number, lastFrame: number, remove: boolean): Promise<void> {
  const videoId = doc.video?.id;
  if (videoId === undefined || firstFrame >= lastFrame) {
    return;
  }
  const range = [{ startPts: ptsOfFrame(doc.times, firstFrame), endPts: ptsOfFrame(doc.times, lastFrame) }];
  const ranges = remove ? subtractRanges(doc.covered, range) : unionRanges(doc.covered, range);
  await applyEdit({ type: 'set-covered', videoId, ranges });
}

/** Changes note or attributes. */
export async function changeSegment(
  id: string,
  change: { readonly note?: string; readonly attributes?: Record<string, string> },
): Promise<void> {
  await applyEdit({ type: 'change-segments', changes: [{ id, ...change }] });
}

/** Adds a label. @returns its id, or null when the service refused it */
export async function addLabel(name: string): Promise<string | null> {
  const id = newId();
  const at = labels.list.length;
  const edit: Edit = {
    type: 'add-labels',
    labels: [
      {
        id,
        name,
        colour: nextColour(),
        key: at < 10 ? String((at + 1) % 10) : null,
        parentId: null,
        description: '',
        ignore: false,
      },
    ],
  };
  try {
    await sendEdit(edit);
    return id;
  } catch (error) {
    notifyError(error);
    return null;
  }
}

/** Puts a label at another place of the order; the labels between make room. */
export async function moveLabel(id: string, to: number): Promise<void> {
  const ids = labels.list.map((label) => label.id);
  const from = ids.indexOf(id);
  const place = Math.max(0, Math.min(ids.length - 1, to));
  if (from < 0 || from === place) {
    return;
  }
  ids.splice(from, 1);
  ids.splice(place, 0, id);
  try {
    await sendEdit({ type: 'order-labels', ids });
  } catch (error) {
    notifyError(error);
  }
}

/** Copies of segments, moved in time, for another place or another video. */
export function copiesOf(
  segments: readonly SegmentInfo[],
  videoId: string,
  ptsOf: (sec: number) => number,
  shiftSec: number,
): NewSegment[] {
  return segments.map((segment) => ({
    id: newId(),
    videoId,
    labelId: segment.labelId,
    startPts: ptsOf(segment.startSec + shiftSec),
    endPts: ptsOf(segment.endSec + shiftSec),
    note: segment.note,
    attributes: { ...segment.attributes },
  }));
}
