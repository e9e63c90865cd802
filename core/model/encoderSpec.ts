/**
 * An encoder as data: what every engine compiles and what a checkpoint names.
 *
 * TSM (Lin et al., ICCV 2019; temporal-shift-module `ops/temporal_shift.py`, `ops/models.py`) on residual networks (torchvision `resnet.py`).
 */

/** The family and size of an encoder. `builders.ts` turns it into layers. */
export interface EncoderSpec {
  readonly family: 'tsm-resnet' | 'resnet' | 'r2plus1d';
  /** `basic` has two 3×3 convolutions a block, `bottleneck` 1×1, 3×3, 1×1. */
  readonly block: 'basic' | 'bottleneck';
  /** Blocks in each stage: [2, 2, 2, 2] is ResNet-18. */
  readonly blocks: readonly number[];
  /** Channels of each stage before expansion: [64, 128, 256, 512]. */
  readonly widths: readonly number[];
  /** Stem: `imagenet` is 7×7 stride 2 and max pool; `small` is 3×3 stride 2 without a pool. */
  readonly stem: 'imagenet' | 'small';
  /** Frames of a snippet, within which channels are shifted. */
  readonly framesPerSnippet: number;
  /** 1 / shiftDivision of the channels move each way. */
  readonly shiftDivision: number;
  /** Length of the feature vector. */
  readonly featureChannels: number;
}
