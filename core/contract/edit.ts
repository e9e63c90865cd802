/**
 * Edits of the annotation document: the closed set of changes a person can make, each one undoable step and one transaction.
 *
 * The renderer makes ids (UUIDs), so that an edit that is sent twice after a reconnect is applied once.
 */
import * as v from 'valibot';

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const pts = v.pipe(v.number(), v.safeInteger());
const text = (maxLength: number) => v.pipe(v.string(), v.maxLength(maxLength));
const attributes = v.record(text(100), text(1000));

/** A segment as a person makes it. */
export const newSegmentSchema = v.object({
  id,
  videoId: id,
  labelId: id,
  startPts: pts,
  endPts: pts,
  note: v.optional(text(10_000), ''),
  attributes: v.optional(attributes, {}),
});

const segmentChangeSchema = v.object({
  id,
  labelId: v.optional(id),
  startPts: v.optional(pts),
  endPts: v.optional(pts),
  note: v.optional(text(10_000)),
  attributes: v.optional(attributes),
});

const newLabelSchema = v.object({
  id,
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200)),
  colour: v.pipe(v.string(), v.regex(/^#[0-9a-fA-F]{6}$/)),
  key: v.nullable(text(20)),
  parentId: v.optional(v.nullable(id), null),
  description: v.optional(text(10_000), ''),
  ignore: v.optional(v.boolean(), false),
});

const rangesSchema = v.array(v.object({ startPts: pts, endPts: pts }));

/** Every edit there is. */
export const editSchema = v.variant('type', [
  v.object({ type: v.literal('add-segments'), segments: v.pipe(v.array(newSegmentSchema), v.minLength(1)) }),
  v.object({
    type: v.literal('change-segments'),
    changes: v.pipe(v.array(segmentChangeSchema), v.minLength(1)),
  }),
  v.object({ type: v.literal('delete-segments'), ids: v.pipe(v.array(id), v.minLength(1)) }),
  v.object({ type: v.literal('split-segment'), id, atPts: pts, newId: id }),
  v.object({ type: v.literal('merge-segments'), ids: v.pipe(v.array(id), v.minLength(2)) }),
  v.object({ type: v.literal('set-covered'), videoId: id, ranges: rangesSchema }),
  v.object({
    type: v.literal('set-subset'),
    videoIds: v.pipe(v.array(id), v.minLength(1)),
    subset: v.picklist(['training', 'validation', 'testing']),
  }),
  v.object({ type: v.literal('add-labels'), labels: v.pipe(v.array(newLabelSchema), v.minLength(1)) }),
  v.object({
    type: v.literal('change-label'),
    label: v.partial(newLabelSchema, ['name', 'colour', 'key', 'parentId', 'description', 'ignore']),
  }),
  v.object({ type: v.literal('order-labels'), ids: v.array(id) }),
  /** Takes its segments along; undo brings them back. */
  v.object({ type: v.literal('delete-label'), id }),
  v.object({
    type: v.literal('review'),
    decisions: v.pipe(
      v.array(
        v.object({
          predictionId: id,
          decision: v.picklist(['accept', 'reject', 'adjust', 'reset']),
          /** Id of the segment that an acceptance makes. */
          segmentId: v.optional(id),
          labelId: v.optional(id),
          startPts: v.optional(pts),
          endPts: v.optional(pts),
        }),
      ),
      v.minLength(1),
    ),
  }),
]);

export type Edit = v.InferOutput<typeof editSchema>;
export type EditInput = v.InferInput<typeof editSchema>;
export type NewSegment = v.InferOutput<typeof newSegmentSchema>;
