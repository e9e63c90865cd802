/**
 * The annotation document: what people and models said about the videos, as plain records, and how edits may read it.
 *
 * Pure and shared: the service keeps the records in the database, the renderer keeps the visible ones in memory, and both plan
 * edits through the same `DocumentReader`. Times are integer PTS in the video's own time base.
 */

export type Subset = 'training' | 'validation' | 'testing';

/** A rational number: rates and time bases. */
export interface Rational {
  readonly num: number;
  readonly den: number;
}

/** Where a segment came from. */
export type SegmentSource = 'person' | 'model' | 'import';
/** `accepted` and `adjusted` come from reviews. */
export type SegmentState = 'labelled' | 'accepted' | 'adjusted';
export type ReviewState = 'predicted' | 'accepted' | 'rejected' | 'adjusted';

/** A segment as the document keeps it. */
export interface SegmentRecord {
  readonly id: string;
  readonly videoId: string;
  readonly labelId: string;
  /** A point event has startPts = endPts. */
  readonly startPts: number;
  readonly endPts: number;
  readonly source: SegmentSource;
  readonly state: SegmentState;
  readonly score: number | null;
  readonly modelId: string | null;
  /** Edges as the model predicted them, once a person moved them. */
  readonly formerStartPts: number | null;
  readonly formerEndPts: number | null;
  readonly note: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly annotator: string;
}

/** A label as the document keeps it. */
export interface LabelRecord {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  readonly key: string | null;
  readonly order: number;
  readonly parentId: string | null;
  readonly description: string;
  /** Ambiguous regions: neither positive nor negative. */
  readonly ignore: boolean;
}

/** A stretch that somebody labelled fully: [startPts, endPts). */
export interface CoveredRange {
  readonly startPts: number;
  readonly endPts: number;
}

/** What people decided about a prediction. */
export interface ReviewRecord {
  readonly review: ReviewState;
  readonly reviewedBy: string | null;
  readonly reviewedAt: string | null;
  /** The segment that an acceptance made. */
  readonly segmentId: string | null;
}

/** A prediction as edits see it: its own edges never change. */
export interface PredictionRecord extends ReviewRecord {
  readonly id: string;
  readonly videoId: string;
  readonly modelId: string;
  readonly labelId: string;
  readonly startPts: number;
  readonly endPts: number;
  readonly score: number;
}

/** A video as edits see it. */
export interface DocumentVideo {
  readonly id: string;
  readonly name: string;
  readonly timeBase: Rational;
  readonly averageRate: Rational;
  /** PTS of the first frame. */
  readonly startPts: number;
  /** PTS at which the last frame ends. */
  readonly endPts: number;
  readonly subset: Subset;
}

/** Read access to a document, whoever keeps it. */
export interface DocumentReader {
  video(id: string): DocumentVideo | undefined;
  label(id: string): LabelRecord | undefined;
  /** In their order. */
  labels(): readonly LabelRecord[];
  segment(id: string): SegmentRecord | undefined;
  segmentsOfLabel(labelId: string): readonly SegmentRecord[];
  covered(videoId: string): readonly CoveredRange[];
  prediction(id: string): PredictionRecord | undefined;
  /** The prediction whose acceptance made the segment. */
  predictionOfSegment(segmentId: string): PredictionRecord | undefined;
}

/** The review part of a prediction. */
export function reviewOf(prediction: ReviewRecord): ReviewRecord {
  const { review, reviewedBy, reviewedAt, segmentId } = prediction;
  return { review, reviewedBy, reviewedAt, segmentId };
}
