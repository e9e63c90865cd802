/**
 * Configurations of the heads: plain data, saved beside every checkpoint.
 */
import type { PyramidShape } from '#core/model/bricks/pyramid';
import { defaultRegressionRanges } from '#core/model/bricks/pyramid';

/** After the head: which candidates live, and how overlap lowers them. */
export interface SuppressionConfig {
  /** Candidates below are dropped before and after soft-NMS. */
  readonly scoreThreshold: number;
  /** Best candidates of a sequence that enter soft-NMS. */
  readonly preNmsTop: number;
  readonly nmsSigma: number;
  /** Detections kept of a sequence over all classes. */
  readonly keep: number;
}

/** Parts that both pyramid heads share. */
export interface PyramidHeadConfig extends PyramidShape {
  /** Channels of the features that come in. */
  readonly inChannels: number;
  readonly numClasses: number;
  /** Channels inside. */
  readonly width: number;
  readonly towerLayers: number;
  /** What every class scores at the start: the bias of the classifier. */
  readonly clsPriorProb: number;
  /** Points within this many strides of a segment's centre answer for it. */
  readonly centreRadius: number;
  /** Loss normaliser: running mean of the number of positive points. */
  readonly normaliserStart: number;
  readonly normaliserMomentum: number;
  readonly suppression: SuppressionConfig;
}

/** Max-pooling pyramid with ActionFormer's anchor-free head. */
export interface AnchorFreeConfig extends PyramidHeadConfig {
  readonly name: 'anchor-free';
  readonly embedLayers: number;
}

/** What must be given; all else has defaults. */
export interface HeadInput {
  readonly inChannels: number;
  readonly numClasses: number;
}

const PYRAMID_DEFAULTS = {
  width: 128,
  levels: 5,
  towerLayers: 2,
  clsPriorProb: 0.01,
  centreRadius: 1.5,
  normaliserStart: 100,
  normaliserMomentum: 0.9,
  suppression: { scoreThreshold: 0.001, preNmsTop: 2000, nmsSigma: 0.5, keep: 200 },
} as const;

/** Defaults for a small model on the CPU; OpenTAD's THUMOS model is width 512 with 6 levels. */
export function anchorFreeConfig(
  given: HeadInput & Partial<Omit<AnchorFreeConfig, 'name'>>,
): AnchorFreeConfig {
  const levels = given.levels ?? PYRAMID_DEFAULTS.levels;
  return {
    ...PYRAMID_DEFAULTS,
    embedLayers: 2,
    regressionRanges: defaultRegressionRanges(levels),
    ...given,
    name: 'anchor-free',
  };
}

/** Every head's configuration. */
export type DetectorConfig = AnchorFreeConfig;
