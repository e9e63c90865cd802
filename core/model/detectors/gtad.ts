/**
 * G-TAD (Xu et al., CVPR 2020), both branches of the authors' code, with a proposal classifier that gives labels.
 *
 * The classifier scores every step; a segment's class logits are the mean over its steps, which equals a linear classifier on the
 * segment's pooled hidden features. It learns on the same ground truth and leaves G-TAD's own layers untouched.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { gtadCurves } from '#core/infer/gridCurves';
import {
  gtadProposals,
  labelProposals,
  suppressProposals,
  thumosWindows,
  withoutLong,
  type Proposal,
} from '#core/infer/gtadProposals';
import { gtadLabels } from '#core/losses/gtadLabels';
import { gtadLoss, type DrawCell, type GtadOutputs } from '#core/losses/gtadLoss';
import { segmentClassLoss, segmentClassScores } from '#core/losses/segmentClassLoss';
import { createDraft } from '#core/model/bricks/initialise';
import { checkBatch, oneSequence } from '#core/model/bricks/sequenceInput';
import type { Detector, DetectorBatch, DetectorStep, GridDetection } from '#core/model/detector';
import { createRandom, randomFromState } from '#core/util/random';
import type { GtadConfig } from './config.ts';
import { durationsOf, runGtad, type GtadLogitGradients, type GtadLogits } from './gtadNetwork.ts';

/** Raw maps of one sequence as probabilities, for inspection (`localize --raw`). */
export interface GtadRawOutputs {
  readonly steps: number;
  readonly durations: number;
  /** [T] */
  readonly start: Float32Array;
  readonly end: Float32Array;
  /** Regression, then classification; row d, column s. // [2, D, T] */
  readonly confidence: Float32Array;
}

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/** Cell → row of the network's map output. */
function rowOf(config: GtadConfig, logits: GtadLogits, cell: number): number {
  return config.kernel2d === 3 ? cell : logits.plan.rowOfCell[cell]!;
}

function probabilities(config: GtadConfig, logits: GtadLogits): GtadOutputs {
  const { steps, durations } = logits.plan;
  const column = (offset: number): Float64Array =>
    Float64Array.from({ length: durations * steps }, (_, cell) =>
      sigmoid(logits.map[2 * rowOf(config, logits, cell) + offset]!),
    );
  return {
    steps,
    durations,
    start: Float64Array.from(logits.start, sigmoid),
    end: Float64Array.from(logits.end, sigmoid),
    regression: column(0),
    classification: column(1),
  };
}

/** Through the sigmoid: gradients of the logits from those of the probabilities. */
function logitGradients(
  config: GtadConfig,
  logits: GtadLogits,
  outputs: GtadOutputs,
  gradients: GtadOutputs,
): GtadLogitGradients {
  const through = (p: Float64Array, dp: Float64Array): Float32Array =>
    Float32Array.from(p, (value, i) => dp[i]! * value * (1 - value));
  const map = new Float32Array(logits.map.length);
  (['regression', 'classification'] as const).forEach((part, offset) => {
    outputs[part].forEach((p, cell) => {
      const at = 2 * rowOf(config, logits, cell) + offset;
      map[at] = map[at]! + gradients[part][cell]! * p * (1 - p);
    });
  });
  return { start: through(outputs.start, gradients.start), end: through(outputs.end, gradients.end), map };
}

/** Forward pass over one sequence; what `read` returns must not hold tensors. */
async function forwardOne<T>(
  config: GtadConfig,
  parameters: TensorMap,
  features: Float32Array,
  length: number,
  read: (logits: GtadLogits) => T,
): Promise<T> {
  const batch = oneSequence(features, length, config.inChannels);
  checkBatch(batch, config.inChannels);
  const pass = await runGtad(config, parameters, batch, { recording: false, featureGradients: false });
  try {
    return read(pass.logits[0]!);
  } finally {
    pass.dispose();
  }
}

/** Class probabilities of a stretch of steps; null for a head without a classifier. */
function classScores(
  config: GtadConfig,
  { classes }: GtadLogits,
): ((start: number, end: number) => Float64Array) | null {
  return classes === undefined
    ? null
    : segmentClassScores(classes, config.numClasses, config.classifier.kind);
}

/** The network's maps for one sequence. // features: [T, C] */
export function gtadForward(
  config: GtadConfig,
  parameters: TensorMap,
  features: Float32Array,
  length: number,
): Promise<GtadRawOutputs> {
  return forwardOne(config, parameters, features, length, (logits) => {
    const { steps, durations, start, end, regression, classification } = probabilities(config, logits);
    const confidence = new Float32Array(2 * durations * steps);
    confidence.set(regression);
    confidence.set(classification, durations * steps);
    return { steps, durations, start: Float32Array.from(start), end: Float32Array.from(end), confidence };
  });
}

/**
 * Class-agnostic proposals after soft-NMS, best first; `labelProposals` adds labels from video-level scores. With the THUMOS branch's rules,
 * long sequences go through windows, each with its own soft-NMS, and then all together once more.
 */
export async function gtadDetectProposals(
  config: GtadConfig,
  parameters: TensorMap,
  features: Float32Array,
  length: number,
): Promise<Proposal[]> {
  const windows = thumosWindows(length, config.windowSteps ?? length);
  const found: Proposal[] = [];
  for (const { start, count } of windows) {
    const part = features.subarray(start * config.inChannels, (start + count) * config.inChannels);
    const proposals = await forwardOne(config, parameters, part, count, (logits) =>
      proposalsOf(config, logits),
    );
    found.push(...proposals.map((each) => ({ ...each, start: each.start + start, end: each.end + start })));
  }
  return windows.length > 1 && found.length > 1 ? suppressed(config, found) : found;
}

function proposalsOf(config: GtadConfig, logits: GtadLogits): Proposal[] {
  const { scoreThreshold, preNmsTop } = config.suppression;
  const proposals = gtadProposals(probabilities(config, logits), config)
    .filter((proposal) => proposal.score >= scoreThreshold)
    .sort((a, b) => b.score - a.score)
    .slice(0, preNmsTop);
  return suppressed(config, proposals);
}

function suppressed(config: GtadConfig, proposals: readonly Proposal[]): Proposal[] {
  const { nmsSigma: sigma, keep, scoreThreshold: minScore } = config.suppression;
  const { originalStop, longestSteps = null } = config;
  return suppressProposals(withoutLong(proposals, longestSteps), { sigma, keep, minScore, originalStop });
}

/** New parameters under the authors' names, and the classifier's. */
function initialise(config: GtadConfig, seed: number): TensorMap {
  const draft = createDraft(seed);
  const { inChannels, hidden1d, hidden2d, hidden3d, bins, kernel2d: k } = config;
  const conv = (name: string, shape: readonly number[]): void => draft.convWithRandomBias(name, shape);
  conv('backbone1.0', [hidden1d, inChannels / 4, 3]);
  for (const block of ['backbone1.2', 'backbone2.0', 'regu_s.0', 'regu_e.0']) {
    conv(`${block}.tconvs.0`, [128, hidden1d, 1]);
    conv(`${block}.tconvs.2`, [128, 4, 3]);
    conv(`${block}.tconvs.4`, [hidden1d, 128, 1]);
    conv(`${block}.sconvs.0`, [128, 2 * hidden1d, 1, 1]);
    conv(`${block}.sconvs.2`, [128, 4, 1, 1]);
    conv(`${block}.sconvs.4`, [hidden1d, 128, 1, 1]);
  }
  conv('regu_s.1', [1, hidden1d, 1]);
  conv('regu_e.1', [1, hidden1d, 1]);
  conv('localization.0', [hidden3d, hidden1d * (bins.inner + bins.context), 1, 1]);
  conv('localization.2', [hidden2d, hidden3d, 1, 1]);
  conv('localization.4', [hidden2d, hidden2d, k, k]);
  conv('localization.6', [hidden2d, hidden2d, k, k]);
  conv('localization.8', [2, hidden2d, 1, 1]);
  if (config.numClasses > 0) {
    conv('classifier.0', [config.classifier.width, inChannels, 3]);
    conv('classifier.2', [config.numClasses, config.classifier.width, 1]);
  }
  return draft.parameters;
}

/** Loss and gradients with the caller's random numbers for the cells that the regression loss samples. */
export async function gtadGradients(
  config: GtadConfig,
  parameters: TensorMap,
  batch: DetectorBatch,
  draw: DrawCell,
  wantFeatures: boolean,
): Promise<Omit<DetectorStep, 'state'>> {
  checkBatch(batch, config.inChannels);
  const pass = await runGtad(config, parameters, batch, { recording: true, featureGradients: wantFeatures });
  try {
    const outputs = pass.logits.map((logits) => probabilities(config, logits));
    const labels = batch.lengths.map((length, item) =>
      gtadLabels(batch.segments[item] ?? [], length, durationsOf(config, length), {
        nodeWidth: config.nodeWidth,
        covered: batch.covered?.subarray(item * batch.shape[1], item * batch.shape[1] + length),
        rejected: batch.rejected?.[item],
      }),
    );
    const loss = gtadLoss(
      outputs,
      labels,
      { weights: config.lossWeights, balanceOffsets: config.balanceOffsets },
      draw,
    );
    const stepLogits = pass.logits.flatMap((logits) =>
      logits.classes === undefined ? [] : [logits.classes],
    );
    const classes =
      config.numClasses > 0
        ? segmentClassLoss(stepLogits, batch.segments, config.numClasses, {
            ...config.classifier,
            classWeights: batch.classWeights,
          })
        : null;
    const gradients = await pass.backward(
      pass.logits.map((logits, item) => ({
        ...logitGradients(config, logits, outputs[item]!, loss.gradients[item]!),
        ...(classes === null ? {} : { classes: classes.gradients[item]! }),
      })),
    );
    return {
      loss: loss.total + (classes?.loss ?? 0) * config.classifier.weight,
      parts: {
        node: loss.node,
        regression: loss.regression,
        classification: loss.classification,
        ...(classes === null ? {} : { classes: classes.loss }),
      },
      gradients: gradients.parameters,
      ...(gradients.features === null ? {} : { featureGradients: gradients.features }),
    };
  } finally {
    pass.dispose();
  }
}

/** The G-TAD head, bound to its configuration. */
export function createGtad(config: GtadConfig): Detector {
  return {
    name: 'g-tad',
    classCount: Math.max(1, config.numClasses),
    suppression: config.suppression,
    initialise: (seed) => initialise(config, seed),
    initialState: (seed) => ({ random: createRandom(seed).state() }),
    noDecay: () => false,
    async lossAndGradients(parameters, state, batch, options) {
      const [a = 1, b = 2, c = 3, d = 4] = state['random'] as readonly number[];
      const random = randomFromState([a, b, c, d]);
      const step = await gtadGradients(
        config,
        parameters,
        batch,
        () => random.next(),
        options.featureGradients,
      );
      return { ...step, state: { ...state, random: random.state() } };
    },
    detect: (parameters, features, length) =>
      forwardOne(config, parameters, features, length, (logits): GridDetection[] => {
        const proposals = proposalsOf(config, logits);
        const scores = classScores(config, logits);
        if (scores === null) return proposals.map((proposal) => ({ ...proposal, classIndex: 0 }));
        return labelProposals(
          proposals,
          ({ start, end }) => scores(start, end),
          config.classifier.topClasses,
        );
      }),
    curves: (parameters, features, length) =>
      forwardOne(config, parameters, features, length, (logits) => {
        const scores = classScores(config, logits);
        return gtadCurves(
          probabilities(config, logits),
          config.numClasses,
          scores === null ? null : (step) => scores(step, step + 1),
        );
      }),
  };
}
