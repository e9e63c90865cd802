/**
 * From the answers of a point-wise head to detections: scores of all points and classes, the best of them through per-class soft-NMS.
 *
 * ActionFormer and TriDet, `inference_single_video` of `meta_archs.py`; both pyramid heads share it.
 */
import type { PyramidLayout } from '#core/model/bricks/pyramid';
import type { GridDetection } from '#core/model/detector';
import type { SuppressionConfig } from '#core/model/detectors/config';
import { suppressPerClass } from './gridDetections.ts';

/** Where the segment of one point and class begins and ends, in feature steps. */
export type PointBounds = Omit<GridDetection, 'classIndex' | 'score'>;

/**
 * Detections of one sequence, best first.
 *
 * @param logits [rows, classes]
 * @param length valid steps
 * @param boundsOf asked only for candidates that enter soft-NMS
 */
export function pointDetections(
  layout: PyramidLayout,
  logits: Float32Array,
  classes: number,
  length: number,
  { scoreThreshold, preNmsTop, nmsSigma, keep }: SuppressionConfig,
  boundsOf: (row: number, classIndex: number) => PointBounds,
): GridDetection[] {
  const scored: { readonly row: number; readonly classIndex: number; readonly score: number }[] = [];
  layout.points.forEach((point, row) => {
    if (point === null || point.position >= length) return;
    for (let k = 0; k < classes; k += 1) {
      const score = 1 / (1 + Math.exp(-logits[row * classes + k]!));
      if (score >= scoreThreshold) scored.push({ row, classIndex: k, score });
    }
  });
  scored.sort((a, b) => b.score - a.score);
  const candidates = scored
    .slice(0, preNmsTop)
    .map(({ row, classIndex, score }) => ({ ...boundsOf(row, classIndex), classIndex, score }));
  return suppressPerClass(candidates, length, { sigma: nmsSigma, keep, minScore: scoreThreshold });
}
