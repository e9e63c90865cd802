/**
 * A document in memory: what the renderer edits at once and tests compare with. The same reader and the same patches as the database's.
 */
import type {
  CoveredRange,
  DocumentReader,
  DocumentVideo,
  LabelRecord,
  PredictionRecord,
  SegmentRecord,
} from './document.ts';
import type { DocumentPatch } from './patch.ts';

/** A document that patches can be written onto. */
export interface MemoryDocument extends DocumentReader {
  /** All segments, in no particular order. */
  segments(): readonly SegmentRecord[];
  writePatch(patch: DocumentPatch): void;
}

/** What a document starts with. */
export interface MemoryContent {
  readonly videos?: readonly DocumentVideo[];
  readonly labels?: readonly LabelRecord[];
  readonly segments?: readonly SegmentRecord[];
  readonly predictions?: readonly PredictionRecord[];
  readonly covered?: Readonly<Record<string, readonly CoveredRange[]>>;
}

const byId = <T extends { readonly id: string }>(items: readonly T[] | undefined): Map<string, T> =>
  new Map((items ?? []).map((item) => [item.id, item]));

/** Creates a document in memory. */
export function createMemoryDocument(content: MemoryContent = {}): MemoryDocument {
  const videos = byId(content.videos);
  const labels = byId(content.labels);
  const segments = byId(content.segments);
  const predictions = byId(content.predictions);
  const covered = new Map<string, readonly CoveredRange[]>(Object.entries(content.covered ?? {}));
  const write = <T>(map: Map<string, T>, id: string, value: T | null): void => {
    if (value === null) map.delete(id);
    else map.set(id, value);
  };
  return {
    video: (id) => videos.get(id),
    label: (id) => labels.get(id),
    labels: () => [...labels.values()].sort((a, b) => a.order - b.order),
    segment: (id) => segments.get(id),
    segments: () => [...segments.values()],
    segmentsOfLabel: (labelId) => [...segments.values()].filter((segment) => segment.labelId === labelId),
    covered: (videoId) => covered.get(videoId) ?? [],
    prediction: (id) => predictions.get(id),
    predictionOfSegment: (segmentId) =>
      [...predictions.values()].find((prediction) => prediction.segmentId === segmentId),
    writePatch: (patch) => {
      for (const { id, after } of patch.labels) write(labels, id, after);
      for (const { id, after } of patch.segments) write(segments, id, after);
      for (const { id, after } of patch.covered) covered.set(id, after ?? []);
      for (const { id, after } of patch.subsets) {
        const video = videos.get(id);
        if (video !== undefined && after !== null) videos.set(id, { ...video, subset: after });
      }
      for (const { id, after } of patch.reviews) {
        const prediction = predictions.get(id);
        if (prediction !== undefined && after !== null) predictions.set(id, { ...prediction, ...after });
      }
    },
  };
}
