/**
 * What every plan of an edit needs: who edits, checks of what an edit names, and what goes along when segments go.
 */
import { StudioError } from '#core/contract/errors';
import type { DocumentReader, DocumentVideo, SegmentRecord } from './document.ts';
import { reviewOf } from './document.ts';
import type { DocumentPatch } from './patch.ts';

/** Who edits, and when. */
export interface EditContext {
  readonly annotator: string;
  /** ISO 8601. */
  readonly at: string;
  /** Where new segments come from; `person` unless said otherwise. */
  readonly source?: 'person' | 'import';
}

/** A planned edit. */
export interface PlannedEdit {
  readonly patch: DocumentPatch;
  /** The step's name in the history. */
  readonly text: string;
}

/** @throws StudioError `bad-input` when the edges do not lie in the video, in order */
export function checkEdges(segment: Pick<SegmentRecord, 'startPts' | 'endPts'>, video: DocumentVideo): void {
  const { startPts, endPts } = segment;
  if (startPts > endPts) {
    throw new StudioError(
      'bad-input',
      `A segment of ${video.name} would end before it starts. Swap its edges.`,
    );
  }
  if (startPts < video.startPts || endPts > video.endPts) {
    throw new StudioError(
      'bad-input',
      `A segment lies outside ${video.name} (its PTS go from ${video.startPts} to ${video.endPts}, the segment's from ${startPts} to ${endPts}).`,
      { videoId: video.id },
    );
  }
}

/** @throws StudioError `not-found` */
export function requireVideo(reader: DocumentReader, id: string): DocumentVideo {
  const video = reader.video(id);
  if (video === undefined)
    throw new StudioError('not-found', `There is no video ${id} in this project.`, { id });
  return video;
}

/** @throws StudioError `not-found` */
export function requireLabel(reader: DocumentReader, id: string): void {
  if (reader.label(id) === undefined) {
    throw new StudioError('not-found', `There is no label ${id} in this project.`, { id });
  }
}

/** The prediction goes back into the queue when the segment that its acceptance made goes. */
function reopened(reader: DocumentReader, segments: readonly SegmentRecord[]): DocumentPatch['reviews'] {
  return segments.flatMap((segment) => {
    const prediction = reader.predictionOfSegment(segment.id);
    if (prediction === undefined) return [];
    return [
      {
        id: prediction.id,
        videoId: prediction.videoId,
        before: reviewOf(prediction),
        after: { review: 'predicted' as const, reviewedBy: null, reviewedAt: null, segmentId: null },
      },
    ];
  });
}

/** Takes segments away, with what hangs on them. */
export function deletionOf(
  reader: DocumentReader,
  segments: readonly SegmentRecord[],
): Pick<DocumentPatch, 'segments' | 'reviews'> {
  return {
    segments: segments.map((segment) => ({ id: segment.id, before: segment, after: null })),
    reviews: reopened(reader, segments),
  };
}
