/**
 * Configurations of the heads: plain data, saved beside every checkpoint.
 */
import { assertNever } from '#core/contract/errors';
import type { DetectorName } from '#core/model/detector';
import type { PyramidShape } from '#core/model/bricks/pyramid';
import { defaultRegressionRanges } from '#core/model/bricks/pyramid';
import type { AlignBins } from '#core/model/bricks/subGraphAlign';

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

/** TriDet: SGP pyramid with the trident head. */
export interface TridetConfig extends PyramidHeadConfig {
  readonly name: 'tridet';
  readonly embedLayers: number;
  /** SGP blocks before the first halving. */
  readonly stemLayers: number;
  readonly sgpKernel: number;
  readonly sgpWiden: number;
  readonly sgpHidden: number;
  /**
   * Standard deviation of the depthwise kernels at the start. OpenTAD's 0 multiplies zeros by zeros: those branches then never learn.
   */
  readonly convDeviation: number;
  /** Share of sequences whose residual branch is left out in training. */
  readonly dropPath: number;
  /** Farthest boundary in steps of a point's level. */
  readonly bins: number;
  /** Power of the IoU by which positive points count in the classification loss. */
  readonly iouPower: number;
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

/** Defaults for a small model on the CPU; width must be a multiple of 16 (group norm). */
export function tridetConfig(given: HeadInput & Partial<Omit<TridetConfig, 'name'>>): TridetConfig {
  const width = given.width ?? PYRAMID_DEFAULTS.width;
  return {
    ...PYRAMID_DEFAULTS,
    embedLayers: 2,
    stemLayers: 2,
    sgpKernel: 1,
    sgpWiden: 5,
    sgpHidden: Math.round(1.5 * width),
    convDeviation: 1,
    dropPath: 0.1,
    bins: 16,
    iouPower: 0.2,
    regressionRanges: defaultRegressionRanges(given.levels ?? PYRAMID_DEFAULTS.levels),
    ...given,
    name: 'tridet',
  };
}

/** G-TAD with the settings of one of the authors' branches. */
export interface GtadConfig {
  readonly name: 'g-tad';
  readonly variant: 'anet' | 'thumos';
  readonly inChannels: number;
  /** Classes of the proposal classifier; 0 for proposals alone, as the authors' checkpoints are. */
  readonly numClasses: number;
  /** Channels of the graph layers, of the map's first layer and of its others. */
  readonly hidden1d: number;
  readonly hidden3d: number;
  readonly hidden2d: number;
  /** Longest duration in steps; null: the whole sequence. */
  readonly maxDuration: number | null;
  readonly bins: AlignBins;
  /** Side of the map's inner convolutions. */
  readonly kernel2d: 1 | 3;
  readonly lossWeights: {
    readonly node: number;
    readonly regression: number;
    readonly classification: number;
  };
  /** Added to the positives and to all entries of the classification balance (THUMOS branch: 10 and 20). */
  readonly balanceOffsets: readonly [positives: number, entries: number];
  /** Width of a node in steps: the ActivityNet branch has 2 (an off-by-one that parity keeps), the THUMOS branch 1. */
  readonly nodeWidth: 1 | 2;
  /** Keep only segments from a likely start to a likely end. */
  readonly gated: boolean;
  /** Allow segments that end exactly at the end of the sequence, which the original cannot give (OpenTAD does). */
  readonly reachEnd: boolean;
  /** As the authors' soft-NMS loop stops. */
  readonly originalStop: boolean;
  /** Proposals of so many steps or more get no score (THUMOS branch: 300 frames, 60 steps of 5 frames); null: none. */
  readonly longestSteps?: number | null;
  /** Longer sequences go through the THUMOS branch's windows of so many steps; null: one pass. */
  readonly windowSteps?: number | null;
  readonly classifier: {
    readonly width: number;
    readonly kind: 'softmax' | 'sigmoid';
    readonly weight: number;
    readonly topClasses: number;
  };
  readonly suppression: SuppressionConfig;
}

/** Settings of a branch, with a proposal classifier added. LoFi's own sigma is 0.84. */
export function gtadConfig(given: HeadInput & Partial<Omit<GtadConfig, 'name'>>): GtadConfig {
  const variant = given.variant ?? 'anet';
  const anet = variant === 'anet';
  return {
    variant,
    hidden1d: 256,
    hidden3d: 512,
    hidden2d: 128,
    maxDuration: anet ? null : 64,
    bins: anet ? { inner: 32, context: 4 } : { inner: 16, context: 16 },
    kernel2d: anet ? 1 : 3,
    lossWeights: { node: 1, regression: anet ? 10 : 1, classification: anet ? 1 : 10 },
    balanceOffsets: anet ? [0, 0] : [10, 20],
    nodeWidth: anet ? 2 : 1,
    gated: anet,
    reachEnd: true,
    originalStop: false,
    classifier: { width: 128, kind: 'softmax', weight: 1, topClasses: 2 },
    suppression: {
      scoreThreshold: 0,
      preNmsTop: 20_000,
      nmsSigma: anet ? 0.8 : 0.46,
      keep: anet ? 100 : 200,
    },
    ...given,
    name: 'g-tad',
  };
}

/** Every head's configuration. */
export type DetectorConfig = AnchorFreeConfig | TridetConfig | GtadConfig;

/** The default configuration of a head by name. */
export function detectorConfig(name: DetectorName, given: HeadInput): DetectorConfig {
  switch (name) {
    case 'anchor-free':
      return anchorFreeConfig(given);
    case 'tridet':
      return tridetConfig(given);
    case 'g-tad':
      return gtadConfig(given);
    default:
      return assertNever(name);
  }
}
