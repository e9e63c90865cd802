/** What the encoders on ONNX Runtime share: the shape of a batch and the sizes of runs. */
import type { FrameBatch } from '#core/compute/engine';
import { StudioError } from '#core/contract/errors';
import type { FrameShape } from '#core/model/onnx/forwardGraph';

/** Compiled graphs together hold at most about this much between calls. */
export const CACHE_BYTES = 2e9;

/** The sizes of a batch. @throws StudioError `bad-input` when its data do not fit them */
export function frameShape(frames: FrameBatch): FrameShape {
  const [snippets, count, height, width] = frames.shape;
  const expected = snippets * count * height * width * 3;
  if (frames.data.length !== expected || expected === 0) {
    throw new StudioError(
      'bad-input',
      `A batch of frames of shape [${frames.shape.join(', ')}] needs ${expected} bytes; it has ${frames.data.length}.`,
    );
  }
  return { snippets, frames: count, height, width };
}
