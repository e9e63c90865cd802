/** What a sampler and its decoding thread say to each other. */
import type { ErrorInfo } from '#core/contract/errors';
import type { FrameIndex } from '#service/media/index/frameIndex';
import type { Fit } from '#service/media/decode/picture';

/** One video's frames. */
export interface SampleTask {
  readonly id: number;
  readonly path: string;
  readonly index: FrameIndex;
  readonly frameIndices: Int32Array;
  readonly side: number;
  readonly fit: Fit;
}

/** Thread → owner. `pixels` is moved, not copied. */
export type SampleReply =
  | {
      readonly id: number;
      readonly type: 'done';
      readonly pixels: Uint8Array;
      readonly missing: readonly number[];
    }
  | { readonly id: number; readonly type: 'failed'; readonly error: ErrorInfo };
