/**
 * Detections of a video of any length: window by window, then joined.
 *
 * A window gives only detections whose middle lies nearer to its own middle than to a neighbour's, so that none is cut off that another window
 * sees whole. What two windows both found is joined by soft-NMS between windows; inside a window it has been done already.
 */
import { ownedSteps, slidingWindows } from '#core/data/windows';
import type { TensorMap } from '#core/compute/hostTensor';
import type { Detector, GridCurves, GridDetection } from '#core/model/detector';
import { suppressPerClass } from './gridDetections.ts';

/** Detections of each window, in steps of the whole sequence. */
export type WindowDetections = readonly (readonly GridDetection[])[];

/** Joins detections of several windows, best first. */
export function joinWindows(
  windows: WindowDetections,
  length: number,
  { suppression }: Pick<Detector, 'suppression'>,
  windowSize: number,
): GridDetection[] {
  const groups = new Map<GridDetection, number>();
  windows.forEach((detections, window) => detections.forEach((detection) => groups.set(detection, window)));
  return suppressPerClass([...groups.keys()], length, {
    sigma: suppression.nmsSigma,
    minScore: suppression.scoreThreshold,
    // As many as windows without overlap would give.
    keep: suppression.keep * Math.ceil(length / windowSize),
    groupOf: (detection) => groups.get(detection)!,
  });
}

/**
 * Detects on a sequence of any length.
 *
 * @param features float32 [length, C]
 * @param windowSize steps that the head takes at once
 */
export async function detectSliding(
  detector: Detector,
  parameters: TensorMap,
  features: Float32Array,
  length: number,
  windowSize: number,
): Promise<GridDetection[]> {
  const windows = slidingWindows(length, windowSize);
  if (windows.length === 1) return detector.detect(parameters, features, length);
  const channels = features.length / length;
  const found: GridDetection[][] = [];
  for (const [index, { start, count }] of windows.entries()) {
    const part = features.subarray(start * channels, (start + count) * channels);
    const [from, to] = ownedSteps(windows, index);
    const detections = await detector.detect(parameters, part, count);
    found.push(
      detections
        .map((each) => ({ ...each, start: each.start + start, end: each.end + start }))
        .filter((each) => {
          const middle = (each.start + each.end) / 2;
          return middle >= from && middle < to;
        }),
    );
  }
  return joinWindows(found, length, detector, windowSize);
}

/** A head's curves over a sequence of any length: of each step, what the window says that answers for it. features: float32 [length, C] */
export async function curvesSliding(
  detector: Detector,
  parameters: TensorMap,
  features: Float32Array,
  length: number,
  windowSize: number,
): Promise<GridCurves> {
  const windows = slidingWindows(length, windowSize);
  if (windows.length === 1) return detector.curves(parameters, features, length);
  const channels = features.length / length;
  let joined: GridCurves | null = null;
  for (const [index, { start, count }] of windows.entries()) {
    const part = features.subarray(start * channels, (start + count) * channels);
    const { rows, values } = await detector.curves(parameters, part, count);
    joined ??= { rows, values: new Float32Array(rows.length * length) };
    const [from, to] = ownedSteps(windows, index);
    const first = Math.max(start, Math.floor(from));
    const last = Math.min(start + count, Math.floor(to));
    for (let row = 0; row < rows.length; row += 1) {
      const own = values.subarray(row * count + first - start, row * count + last - start);
      joined.values.set(own, row * length + first);
    }
  }
  return joined!;
}
