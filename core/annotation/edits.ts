/**
 * Plans an edit: what it would change, as a patch, and what the step is called. Writes nothing.
 *
 * The rules live here once: the service applies the patch in a transaction, the renderer applies it to its own copy at once. An edit
 * that was applied before (sent twice after a reconnect) plans an empty patch.
 */
import type { Edit } from '#core/contract/edit';
import { assertNever, StudioError } from '#core/contract/errors';
import { normaliseRanges } from './covered.ts';
import type { DocumentReader, SegmentRecord } from './document.ts';
import { reviewOf } from './document.ts';
import { addText, changesText, changeText, deleteText } from './historyText.ts';
import { planLabelEdit } from './labelEdits.ts';
import type { Change, DocumentPatch } from './patch.ts';
import { EMPTY_PATCH, sameRecord } from './patch.ts';
import {
  checkEdges,
  deletionOf,
  requireLabel,
  requireVideo,
  type EditContext,
  type PlannedEdit,
} from './plan.ts';
import { planReview } from './reviewEdits.ts';

export type { EditContext, PlannedEdit } from './plan.ts';

function planAdd(
  reader: DocumentReader,
  edit: Extract<Edit, { type: 'add-segments' }>,
  context: EditContext,
): PlannedEdit {
  const seen = new Set<string>();
  const segments = edit.segments.flatMap((segment): SegmentRecord[] => {
    if (seen.has(segment.id) || reader.segment(segment.id) !== undefined) return [];
    seen.add(segment.id);
    checkEdges(segment, requireVideo(reader, segment.videoId));
    requireLabel(reader, segment.labelId);
    return [
      {
        ...segment,
        source: context.source ?? 'person',
        state: 'labelled',
        score: null,
        modelId: null,
        formerStartPts: null,
        formerEndPts: null,
        annotator: context.annotator,
      },
    ];
  });
  return {
    patch: { ...EMPTY_PATCH, segments: segments.map((after) => ({ id: after.id, before: null, after })) },
    text: addText(segments, (id) => reader.label(id)),
  };
}

function planChange(
  reader: DocumentReader,
  edit: Extract<Edit, { type: 'change-segments' }>,
  context: EditContext,
): PlannedEdit {
  const changes = new Map<string, { id: string; before: SegmentRecord; after: SegmentRecord }>();
  const reviews: DocumentPatch['reviews'][number][] = [];
  for (const { id, labelId, startPts, endPts, note, attributes } of edit.changes) {
    const before = changes.get(id)?.before ?? reader.segment(id);
    if (before === undefined)
      throw new StudioError('not-found', `There is no segment ${id} any more.`, { id });
    const base = changes.get(id)?.after ?? before;
    const moved: SegmentRecord = {
      ...base,
      ...(labelId === undefined ? {} : { labelId }),
      ...(startPts === undefined ? {} : { startPts }),
      ...(endPts === undefined ? {} : { endPts }),
      ...(note === undefined ? {} : { note }),
      ...(attributes === undefined ? {} : { attributes }),
    };
    if (labelId !== undefined) requireLabel(reader, labelId);
    checkEdges(moved, requireVideo(reader, moved.videoId));
    const edgesMoved = moved.startPts !== before.startPts || moved.endPts !== before.endPts;
    const firstAdjustment = edgesMoved && before.source === 'model' && before.state === 'accepted';
    const after: SegmentRecord = firstAdjustment
      ? { ...moved, state: 'adjusted', formerStartPts: before.startPts, formerEndPts: before.endPts }
      : moved;
    if (firstAdjustment && !reviews.some((review) => review.after?.segmentId === id)) {
      const prediction = reader.predictionOfSegment(id);
      if (prediction !== undefined) {
        reviews.push({
          id: prediction.id,
          videoId: prediction.videoId,
          before: reviewOf(prediction),
          after: { review: 'adjusted', reviewedBy: context.annotator, reviewedAt: context.at, segmentId: id },
        });
      }
    }
    changes.set(id, { id, before, after });
  }
  const real = [...changes.values()].filter(({ before, after }) => !sameRecord(before, after));
  const [only] = real;
  return {
    patch: { ...EMPTY_PATCH, segments: real, reviews },
    text:
      real.length === 1 && only !== undefined
        ? changeText(only.before, only.after, reader.video(only.before.videoId), (id) => reader.label(id))
        : changesText(real.length),
  };
}

function planSplit(reader: DocumentReader, edit: Extract<Edit, { type: 'split-segment' }>): PlannedEdit {
  const name = (segment: SegmentRecord): string =>
    `Split ${reader.label(segment.labelId)?.name ?? 'a segment'}`;
  const before = reader.segment(edit.id);
  if (before === undefined) {
    throw new StudioError('not-found', `There is no segment ${edit.id} any more.`, { id: edit.id });
  }
  if (reader.segment(edit.newId) !== undefined) return { patch: EMPTY_PATCH, text: name(before) };
  if (edit.atPts <= before.startPts || edit.atPts >= before.endPts) {
    throw new StudioError(
      'bad-input',
      'A segment is split inside itself: move the playhead between its edges.',
    );
  }
  const segments: Change<SegmentRecord>[] = [
    { id: before.id, before, after: { ...before, endPts: edit.atPts } },
    { id: edit.newId, before: null, after: { ...before, id: edit.newId, startPts: edit.atPts } },
  ];
  return { patch: { ...EMPTY_PATCH, segments }, text: name(before) };
}

/**
 * Merges segments of one label in one video: the earliest keeps its id and reaches over all of them, gaps included; notes are joined,
 * attributes of the earlier win.
 */
function planMerge(reader: DocumentReader, edit: Extract<Edit, { type: 'merge-segments' }>): PlannedEdit {
  const segments = [...new Set(edit.ids)]
    .flatMap((id) => reader.segment(id) ?? [])
    .sort((a, b) => a.startPts - b.startPts || a.endPts - b.endPts);
  const [first, ...rest] = segments;
  const text = `Merge ${segments.length} segments`;
  if (first === undefined || rest.length === 0) return { patch: EMPTY_PATCH, text };
  if (rest.some((segment) => segment.videoId !== first.videoId || segment.labelId !== first.labelId)) {
    throw new StudioError(
      'bad-input',
      'Only segments of one label in one video can be merged. Change their label first.',
    );
  }
  const notes = [...new Set(segments.map((segment) => segment.note).filter((note) => note !== ''))];
  const merged: SegmentRecord = {
    ...first,
    endPts: Math.max(...segments.map((segment) => segment.endPts)),
    note: notes.join('\n'),
    attributes: Object.assign({}, ...segments.map((segment) => segment.attributes).reverse()) as Record<
      string,
      string
    >,
  };
  const deleted = deletionOf(reader, rest);
  return {
    patch: {
      ...EMPTY_PATCH,
      segments: [{ id: first.id, before: first, after: merged }, ...deleted.segments],
      reviews: deleted.reviews,
    },
    text,
  };
}

/**
 * Plans an edit on a document.
 *
 * @throws StudioError `not-found` (a video, label, segment or prediction that is gone), `bad-input` (edges outside the video, a split
 * outside the segment, a merge of different labels), `conflict` (a name that is taken)
 */
export function planEdit(reader: DocumentReader, edit: Edit, context: EditContext): PlannedEdit {
  switch (edit.type) {
    case 'add-segments':
      return planAdd(reader, edit, context);
    case 'change-segments':
      return planChange(reader, edit, context);
    case 'delete-segments': {
      const segments = [...new Set(edit.ids)].flatMap((id) => reader.segment(id) ?? []);
      return {
        patch: { ...EMPTY_PATCH, ...deletionOf(reader, segments) },
        text: deleteText(segments, (id) => reader.label(id)),
      };
    }
    case 'split-segment':
      return planSplit(reader, edit);
    case 'merge-segments':
      return planMerge(reader, edit);
    case 'set-covered': {
      const video = requireVideo(reader, edit.videoId);
      const before = reader.covered(video.id);
      const after = normaliseRanges(edit.ranges, video);
      return {
        patch: sameRecord(before, after)
          ? EMPTY_PATCH
          : { ...EMPTY_PATCH, covered: [{ id: video.id, before, after }] },
        text:
          after.length === 0
            ? `Clear covered ranges of ${video.name}`
            : `Set covered ranges of ${video.name}`,
      };
    }
    case 'set-subset': {
      const videos = [...new Set(edit.videoIds)].map((id) => requireVideo(reader, id));
      const subsets = videos
        .filter((video) => video.subset !== edit.subset)
        .map((video) => ({ id: video.id, before: video.subset, after: edit.subset }));
      const [only] = videos;
      const what = videos.length === 1 && only !== undefined ? only.name : `${videos.length} videos`;
      return { patch: { ...EMPTY_PATCH, subsets }, text: `Use ${what} for ${edit.subset}` };
    }
    case 'add-labels':
    case 'change-label':
    case 'order-labels':
    case 'delete-label':
      return planLabelEdit(reader, edit);
    case 'review':
      return planReview(reader, edit, context);
    default:
      return assertNever(edit);
  }
}
