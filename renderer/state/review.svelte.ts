/**
 * The review queue: which candidates wait, which one is looked at, and decisions with one call each.
 *
 * The queue is a page of the service's own order; decided ones leave at once, skipped ones go to the end, undone ones come back
 * and are looked at again.
 */
import type { ModelInfo, PredictionInfo } from '#core/contract/info';
import type { InvokeResults } from '#core/contract/invoke';
import { boundaryNearSec, frameCountOf, ptsOfFrame } from '#core/timeline/frameTimes';
import { invoke } from '../api/studio.ts';
import { newId } from './annotationCommands.ts';
import { applyEdit, doc } from './document.svelte.ts';
import { edits } from './edits.svelte.ts';
import { notifyError } from './notices.svelte.ts';
import { USUAL_MIN_SCORE } from './usualScore.ts';

/** Orders of the queue. */
export type ReviewOrder = 'uncertain' | 'score' | 'time';

/** Edges as the person has them now, as boundaries between frames. */
export interface DraftEdges {
  readonly firstFrame: number;
  readonly lastFrame: number;
}

class ReviewQueue {
  order = $state<ReviewOrder>('uncertain');
  labelId = $state<string | null>(null);
  minScore = $state(USUAL_MIN_SCORE);
  /** Leave out videos that are labelled from end to end. */
  newOnly = $state(true);
  list = $state.raw<readonly PredictionInfo[]>([]);
  total = $state(0);
  loaded = $state(false);
  currentId = $state<string | null>(null);
  draft = $state.raw<DraftEdges | null>(null);
  counts = $state.raw<InvokeResults['review.counts']>({
    predicted: 0,
    accepted: 0,
    rejected: 0,
    adjusted: 0,
  });
  models = $state.raw<readonly ModelInfo[]>([]);
  preSec = $state(1);
  postSec = $state(1);

  readonly current = $derived(this.list.find((item) => item.id === this.currentId) ?? this.list[0]);
  readonly at = $derived(this.current === undefined ? 0 : this.list.indexOf(this.current));
}

/** The queue. */
export const queue = new ReviewQueue();

const PAGE = 500;
let skipped: readonly string[] = [];
let decided: readonly string[] = [];
let reading = 0;
/** Whether the person has set the filter, or has begun: then it is theirs. */
let touched = false;

/** Reads the queue, the counts and the models. */
export async function readQueue(): Promise<void> {
  reading += 1;
  const mine = reading;
  const { order, labelId, minScore, newOnly } = queue;
  const [page, counts, models] = await Promise.all([
    invoke('review.queue', { limit: PAGE, order, labelId, minScore, newOnly }),
    invoke('review.counts', {}),
    invoke('models.list', {}),
  ]);
  if (mine !== reading || edits.waiting > 0) {
    return;
  }
  if (!touched && page.total === 0 && counts.predicted > 0 && (minScore > 0 || newOnly)) {
    // First all confidences of new footage, then labelled videos too.
    if (minScore > 0) queue.minScore = 0;
    else queue.newOnly = false;
    return readQueue();
  }
  const put = new Set(skipped);
  queue.list = [
    ...page.items.filter((item) => !put.has(item.id)),
    ...page.items.filter((item) => put.has(item.id)),
  ];
  queue.total = page.total;
  queue.counts = counts;
  queue.models = models;
  queue.loaded = true;
  const back = decided.at(-1);
  if (back !== undefined && page.items.some((item) => item.id === back)) {
    decided = decided.slice(0, -1);
    queue.currentId = back;
  } else if (!queue.list.some((item) => item.id === queue.currentId)) {
    queue.currentId = queue.list[0]?.id ?? null;
  }
}

let timer = 0;
/** Reads soon: many pieces of news become one reading. */
export function readQueueSoon(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => {
    if (edits.waiting > 0) {
      readQueueSoon();
    } else {
      void readQueue().catch(notifyError);
    }
  }, 150);
}

/** Starts again from the first, after a change of the filter. */
export function refilter(): void {
  touched = true;
  skipped = [];
  decided = [];
  queue.currentId = null;
  readQueueSoon();
}

/** Looks at another candidate. */
export function stepQueue(step: 1 | -1): void {
  const next = queue.list[(queue.at + step + queue.list.length) % Math.max(1, queue.list.length)];
  queue.currentId = next?.id ?? null;
}

/** Puts the candidate at the end. */
export function skip(): void {
  const { current } = queue;
  if (current === undefined) {
    return;
  }
  skipped = [...skipped.filter((id) => id !== current.id), current.id];
  const rest = queue.list.filter((item) => item !== current);
  const next = rest[Math.min(queue.at, rest.length - 1)] ?? current;
  queue.list = [...rest, current];
  queue.currentId = next.id;
}

/** Whether the edges were moved. */
export function isMoved(prediction: PredictionInfo): boolean {
  const { draft } = queue;
  return (
    draft !== null &&
    (ptsOfFrame(doc.times, draft.firstFrame) !== prediction.startPts ||
      ptsOfFrame(doc.times, draft.lastFrame) !== prediction.endPts) &&
    (draft.firstFrame !== boundaryNearSec(doc.times, prediction.startSec) ||
      draft.lastFrame !== boundaryNearSec(doc.times, prediction.endSec))
  );
}

/** Decides and goes on. @param labelId another label than the predicted one */
export async function decide(decision: 'accept' | 'reject', labelId?: string): Promise<void> {
  const prediction = queue.current;
  if (prediction === undefined || doc.video?.id !== prediction.videoId) {
    return;
  }
  const moved = isMoved(prediction);
  const { draft } = queue;
  const base = { predictionId: prediction.id };
  const edit =
    decision === 'reject'
      ? { ...base, decision }
      : moved || labelId !== undefined
        ? {
            ...base,
            decision: 'adjust' as const,
            segmentId: newId(),
            ...(labelId === undefined ? {} : { labelId }),
            ...(moved && draft !== null
              ? {
                  startPts: ptsOfFrame(doc.times, draft.firstFrame),
                  endPts: ptsOfFrame(doc.times, draft.lastFrame),
                }
              : {}),
          }
        : { ...base, decision, segmentId: newId() };
  touched = true;
  const { at } = queue;
  const rest = queue.list.filter((item) => item.id !== prediction.id);
  queue.list = rest;
  queue.total = Math.max(0, queue.total - 1);
  queue.currentId = (rest[at] ?? rest[0])?.id ?? null;
  queue.draft = null;
  decided = [...decided, prediction.id];
  await applyEdit({ type: 'review', decisions: [edit] });
  readQueueSoon();
}

/** Moves an edge of the draft by frames. */
export function moveDraft(edge: 'start' | 'end', frames: number): void {
  const { draft } = queue;
  if (draft !== null) {
    setDraftEdge(edge, (edge === 'start' ? draft.firstFrame : draft.lastFrame) + frames);
  }
}

/** Puts an edge of the draft on a boundary; a candidate always keeps a frame. */
export function setDraftEdge(edge: 'start' | 'end', frame: number): void {
  const { draft } = queue;
  if (draft === null) {
    return;
  }
  queue.draft =
    edge === 'start'
      ? { ...draft, firstFrame: Math.max(0, Math.min(frame, draft.lastFrame - 1)) }
      : { ...draft, lastFrame: Math.min(frameCountOf(doc.times), Math.max(frame, draft.firstFrame + 1)) };
}

/** The edges as predicted. */
export function resetDraft(prediction: PredictionInfo): void {
  const firstFrame = boundaryNearSec(doc.times, prediction.startSec);
  queue.draft = {
    firstFrame,
    lastFrame: Math.max(firstFrame + 1, boundaryNearSec(doc.times, prediction.endSec)),
  };
}
