/**
 * Reviews: accept, reject, adjust or reopen predictions. An acceptance makes a segment; both the model's and the person's edges are kept.
 */
import type { Edit } from '#core/contract/edit';
import { StudioError } from '#core/contract/errors';
import type { DocumentReader, PredictionRecord, ReviewRecord, SegmentRecord } from './document.ts';
import { reviewOf } from './document.ts';
import { reviewText } from './historyText.ts';
import type { Change, DocumentPatch } from './patch.ts';
import { EMPTY_PATCH, sameRecord } from './patch.ts';
import { checkEdges, requireLabel, requireVideo, type EditContext, type PlannedEdit } from './plan.ts';

type Decision = Extract<Edit, { type: 'review' }>['decisions'][number];

/** The segment that a decision makes; null for none. */
function segmentOf(
  reader: DocumentReader,
  prediction: PredictionRecord,
  decision: Decision,
  context: EditContext,
): SegmentRecord | null {
  if (decision.decision === 'reject' || decision.decision === 'reset') return null;
  const video = requireVideo(reader, prediction.videoId);
  const labelId = decision.labelId ?? prediction.labelId;
  requireLabel(reader, labelId);
  const clip = (pts: number): number => Math.min(video.endPts, Math.max(video.startPts, pts));
  const startPts = decision.startPts ?? clip(prediction.startPts);
  const endPts = decision.endPts ?? clip(prediction.endPts);
  checkEdges({ startPts, endPts }, video);
  const adjusted =
    startPts !== clip(prediction.startPts) ||
    endPts !== clip(prediction.endPts) ||
    labelId !== prediction.labelId;
  return {
    id: prediction.segmentId ?? decision.segmentId ?? `${prediction.modelId.slice(0, 40)}-${prediction.id}`,
    videoId: prediction.videoId,
    labelId,
    startPts,
    endPts,
    source: 'model',
    state: adjusted ? 'adjusted' : 'accepted',
    score: prediction.score,
    modelId: prediction.modelId,
    formerStartPts: adjusted ? prediction.startPts : null,
    formerEndPts: adjusted ? prediction.endPts : null,
    note: '',
    attributes: {},
    annotator: context.annotator,
  };
}

/** Plans a review. @throws StudioError `not-found`, `bad-input` */
export function planReview(
  reader: DocumentReader,
  edit: Extract<Edit, { type: 'review' }>,
  context: EditContext,
): PlannedEdit {
  const segments: Change<SegmentRecord>[] = [];
  const reviews: DocumentPatch['reviews'][number][] = [];
  const seen = new Set<string>();
  for (const decision of edit.decisions) {
    if (seen.has(decision.predictionId)) continue;
    seen.add(decision.predictionId);
    const prediction = reader.prediction(decision.predictionId);
    if (prediction === undefined) {
      throw new StudioError(
        'not-found',
        `The prediction ${decision.predictionId} is gone; the model predicted anew.`,
        {
          id: decision.predictionId,
        },
      );
    }
    const after = segmentOf(reader, prediction, decision, context);
    const old = prediction.segmentId === null ? null : (reader.segment(prediction.segmentId) ?? null);
    const review: ReviewRecord = {
      review:
        after === null
          ? decision.decision === 'reject'
            ? 'rejected'
            : 'predicted'
          : after.state === 'adjusted'
            ? 'adjusted'
            : 'accepted',
      reviewedBy: decision.decision === 'reset' ? null : context.annotator,
      reviewedAt: decision.decision === 'reset' ? null : context.at,
      segmentId: after?.id ?? null,
    };
    const kept =
      after === null || old === null ? after : { ...after, note: old.note, attributes: old.attributes };
    const before = reviewOf(prediction);
    const decidedBefore =
      before.review === review.review && sameRecord(old, kept) && before.segmentId === review.segmentId;
    if (decidedBefore) continue;
    if (kept !== null && old === null && reader.segment(kept.id) !== undefined) {
      throw new StudioError('conflict', `There is a segment ${kept.id} already.`, { id: kept.id });
    }
    const id = kept?.id ?? old?.id;
    if (id !== undefined && !sameRecord(old, kept)) segments.push({ id, before: old, after: kept });
    reviews.push({ id: prediction.id, videoId: prediction.videoId, before, after: review });
  }
  const decisions = edit.decisions.map((decision) => decision.decision);
  return { patch: { ...EMPTY_PATCH, segments, reviews }, text: reviewText(decisions) };
}
