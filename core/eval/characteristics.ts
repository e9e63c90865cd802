/**
 * Characteristics of ground-truth segments, in DETAD's buckets: how much of the video, how long, how many of its class in the video.
 *
 * DETAD (Alwassel et al., ECCV 2018) `src/sensitivity_analysis.py`. Context size, distance and agreement need annotations that only
 * ActivityNet's testing subset has.
 */
import type { GroundTruthEntry } from './matching.ts';

/** The characteristics that any ground truth has. */
export const CHARACTERISTICS = ['coverage', 'length', 'instances'] as const;

/** One of `CHARACTERISTICS`. */
export type Characteristic = (typeof CHARACTERISTICS)[number];

/** Bucket names from small to large. */
export const BUCKETS = ['XS', 'S', 'M', 'L', 'XL'] as const;

/** One of `BUCKETS`. */
export type Bucket = (typeof BUCKETS)[number];

/** Edges of the buckets; a bucket is (edge, next edge], the first one has its lower edge too. */
export type BucketEdges = Readonly<Record<Characteristic, readonly number[]>>;

/** ActivityNet's buckets: fifths of the video, half minutes, 1 / 2–4 / 5–8 / more. */
export const ACTIVITYNET_EDGES: BucketEdges = {
  coverage: [0, 0.2, 0.4, 0.6, 0.8, 1],
  length: [0, 30, 60, 120, 180, Infinity],
  instances: [-1, 1, 4, 8, Infinity],
};

/** THUMOS14's buckets: short segments in long videos. */
export const THUMOS_EDGES: BucketEdges = {
  coverage: [0, 0.02, 0.04, 0.06, 0.08, 1],
  length: [0, 3, 6, 12, 18, Infinity],
  instances: [-1, 1, 40, 80, Infinity],
};

/** The bucket of each characteristic; absent where it cannot be told (no length of the video, coverage above 1). */
export type SegmentBuckets = Readonly<Partial<Record<Characteristic, Bucket>>>;

/**
 * Buckets of every ground-truth segment.
 *
 * @param durationsSec lengths of videos by index; undefined where unknown
 */
export function characterise(
  groundTruth: readonly GroundTruthEntry[],
  durationsSec: readonly (number | undefined)[],
  edges: BucketEdges,
): SegmentBuckets[] {
  const instances = new Map<string, number>();
  const keyOf = (entry: GroundTruthEntry): string => `${entry.videoIndex}/${entry.classIndex}`;
  for (const entry of groundTruth) instances.set(keyOf(entry), (instances.get(keyOf(entry)) ?? 0) + 1);
  return groundTruth.map((entry) => {
    const seconds = entry.segment.endSec - entry.segment.startSec;
    const duration = durationsSec[entry.videoIndex];
    const found: Partial<Record<Characteristic, Bucket | undefined>> = {
      coverage: duration === undefined ? undefined : bucketOf(seconds / duration, edges.coverage),
      length: bucketOf(seconds, edges.length),
      instances: bucketOf(instances.get(keyOf(entry))!, edges.instances),
    };
    return Object.fromEntries(Object.entries(found).filter(([, bucket]) => bucket !== undefined));
  });
}

function bucketOf(value: number, edges: readonly number[]): Bucket | undefined {
  for (let index = 0; index + 1 < edges.length; index += 1) {
    const aboveLower = value > edges[index]! || (index === 0 && value === edges[0]);
    if (aboveLower && value <= edges[index + 1]!) return BUCKETS[index];
  }
  return undefined;
}
