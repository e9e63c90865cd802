/**
 * Stage 2, LoFi (Xu et al., NeurIPS 2021): encoder and head learn together, end to end, with the head's own localisation loss, on mini-batches
 * of lower temporal or spatial resolution. The head of this stage is thrown away; the encoder is what stays.
 *
 * Where videos are held out, the encoder that is kept is the best on them (`stage2Stopping`).
 *
 * Gradients pass the encoder in exact chunks, so that any fidelity fits in the memory of one chunk (`core/compute/chunked`).
 * Every random choice is a function of seed, epoch and step: training that goes on from a checkpoint equals training that never stopped.
 */
import { stepInChunks } from '#core/compute/chunked';
import type { EncoderSession } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { assembleSnippets, stackSnippets } from '#core/data/assemble';
import { drawChange } from '#core/data/augment';
import { planEpochs, viewAt } from '#core/data/fidelity';
import type { EpochPlan, VideoView } from '#core/data/fidelity';
import { batchesPerEpoch, epochBatches } from '#core/data/sampler';
import { snippetCount } from '#core/data/snippets';
import type { DetectorStep } from '#core/model/detector';
import { createRandom, mixSeed } from '#core/util/random';
import type { Fidelity, LofiConfig, SamplingConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import { snippetsPerCall } from './extract.ts';
import type { VideoFeatures } from './extract.ts';
import {
  addGradients,
  clipByGlobalNorm,
  initialOptimiserState,
  optimiserStep,
  scaleGradients,
} from './optimiser.ts';
import { requireFinite, requireFiniteLoss } from './finite.ts';
import { learningRateAt } from './schedule.ts';
import {
  classWeightsOf,
  isWorthTraining,
  padSequences,
  sequenceTarget,
  trainingSequences,
  unpadGradients,
} from './sequences.ts';
import type { SequenceTarget } from './sequences.ts';
import { isNormOrBias } from './stage1.ts';
import { restoreLofi, saveLofi } from './stage2State.ts';
import type { LofiState } from './stage2State.ts';
import { canLook, epochsToLookAfter, hasStopped, lookAtHeldOut } from './stage2Stopping.ts';

/** What stage 2 trains on. */
export interface LofiStageInput {
  readonly config: LofiConfig;
  readonly sampling: SamplingConfig;
  readonly seed: number;
  readonly labels: readonly string[];
  readonly training: readonly TimedVideo[];
  /** Held-out videos, or parts of training videos; may be empty. */
  readonly validation: readonly TimedVideo[];
  readonly encoder: TensorMap;
  /** Features of the training videos by the untuned encoder, for the head's warm-up. */
  readonly warmupFeatures: ReadonlyMap<string, VideoFeatures>;
  /** Rare classes count more. */
  readonly classBalance: boolean;
  /** Name of its checkpoints, where several rates are tried; absent: `stage2`. */
  readonly checkpoint?: string;
}

/** One look at a video in an epoch. A video that is longer than a training sequence is looked at several times. */
interface Look {
  readonly video: TimedVideo;
  readonly number: number;
}

/** Where each epoch begins, in steps. */
interface EpochSpan extends EpochPlan {
  readonly firstStep: number;
  readonly steps: number;
  readonly batch: number;
}

/** Draws of a view until somebody has looked at some of it. */
const DRAWS = 8;

/** Looks at a video in one epoch. */
export function looksPerEpoch(video: TimedVideo, sampling: SamplingConfig): number {
  return Math.max(1, Math.round(snippetCount(video.timing, sampling) / sampling.snippets));
}

const looksOf = ({ training, sampling }: LofiStageInput): Look[] =>
  training.flatMap((video) =>
    Array.from({ length: looksPerEpoch(video, sampling) }, (_, number) => ({ video, number })),
  );

const checkpointOf = ({ checkpoint = 'stage2' }: LofiStageInput): string => checkpoint;

function spansOf(config: LofiConfig, looks: number): EpochSpan[] {
  let firstStep = 0;
  return planEpochs(config).map((plan) => {
    const batch = plan.phase === 'windows' ? config.windowBatch : config.batch;
    const span = { ...plan, batch, firstStep, steps: batchesPerEpoch(looks, batch) };
    firstStep += span.steps;
    return span;
  });
}

/**
 * Tunes the encoder. Continues from its checkpoint where there is one.
 * @returns the encoder's new parameters
 * @throws StudioError `internal` when the loss is not finite
 */
export async function runLofiStage(environment: TrainEnvironment, input: LofiStageInput): Promise<TensorMap> {
  const { control, engine } = environment;
  const { config } = input;
  const name = checkpointOf(input);
  const looks = looksOf(input);
  await engine.useHeadBackend();
  const { state, finished } = await restoreLofi(environment, name, input);
  if (finished) return state.best?.encoder ?? state.encoder;
  await warmHead(environment, input, state);
  const spans = spansOf(config, looks.length);
  const totalSteps = spans.reduce((sum, span) => sum + span.steps, 0);
  const session = await engine.openEncoder(environment.spec, state.encoder, {
    batchNorm: config.batchNorm,
    frozenPrefixes: config.frozenPrefixes,
  });
  const looking = canLook(config, input.validation) ? epochsToLookAfter(config, spans) : new Set<number>();
  let isDone = hasStopped(config, state);
  try {
    for (const [index, span] of spans.entries()) {
      if (isDone || state.epochs > index) continue;
      if (state.step === span.firstStep && span.phase === 'windows' && span.epoch === 0) {
        // A new phase is a new training: moments of another fidelity would mislead its first steps.
        state.encoderOptimiser = initialOptimiserState();
        state.headOptimiser = initialOptimiserState();
      }
      const batches = epochBatches(looks, span.batch, input.seed, 'stage2', index);
      for (let at = state.step - span.firstStep; at < span.steps; at += 1) {
        await control.breathe(() => saveLofi(environment, name, state, false));
        const result = await lofiStep(
          environment,
          input,
          state,
          session,
          { span, epochIndex: index, stepInEpoch: at },
          batches[at]!,
        );
        control.metric({ name: 'loss', series: 'stage2', step: state.step, value: result.loss });
        const text = `Stage 2 of 3, LoFi, epoch ${index + 1}/${spans.length}`;
        control.progress('stage2', text, state.step, totalSteps, 'steps');
      }
      if (looking.has(index)) isDone = await lookAtHeldOut(environment, input, session, state, index + 1);
      state.epochs = index + 1;
      await saveLofi(environment, name, state, false);
    }
  } finally {
    session.dispose();
  }
  await saveLofi(environment, name, state, true);
  return state.best?.encoder ?? state.encoder;
}

/** Trains the head alone on cached features, so that its first gradients mean something to the encoder. */
async function warmHead(
  environment: TrainEnvironment,
  input: LofiStageInput,
  state: LofiState,
): Promise<void> {
  const { control, detector } = environment;
  const { config } = input;
  const name = checkpointOf(input);
  const sequences = trainingSequences(
    input.training,
    input.warmupFeatures,
    input.labels,
    input.sampling.snippets,
  );
  const channels = environment.spec.featureChannels;
  const batch = Math.max(config.batch, 4);
  const perEpoch = batchesPerEpoch(sequences.length, batch);
  const totalSteps = perEpoch * config.headWarmupEpochs;
  while (state.warmupStep < totalSteps) {
    const epoch = Math.floor(state.warmupStep / perEpoch);
    const batches = epochBatches(sequences, batch, input.seed, 'warmup', epoch);
    for (let at = state.warmupStep % perEpoch; at < perEpoch; at += 1) {
      await control.breathe(() => saveLofi(environment, name, state, false));
      const result = await detector.lossAndGradients(
        state.head,
        state.detector,
        padSequences(batches[at]!, channels, weightsOf(input)),
        {
          featureGradients: false,
        },
      );
      const where = `Stage 2 diverged at step ${state.warmupStep} (warm-up)`;
      const norm = clipByGlobalNorm(result.gradients, config.head.clipNorm);
      requireFinite(norm, result.gradients, state.head, where);
      requireFiniteLoss(result.loss, state.head, where);
      const moment = { step: state.warmupStep, totalSteps, stepsPerEpoch: perEpoch };
      const rate = learningRateAt(config.head, moment);
      optimiserStep(config.head, rate, state.head, result.gradients, state.headOptimiser, detector.noDecay);
      state.detector = result.state;
      state.warmupStep += 1;
      control.progress('warmup', 'Stage 2 of 3, warming the head', state.warmupStep, totalSteps, 'steps');
    }
  }
  if (state.step === 0) state.headOptimiser = initialOptimiserState();
}

const weightsOf = ({ classBalance, training, labels }: LofiStageInput): readonly number[] | undefined =>
  classBalance ? classWeightsOf(training, labels) : undefined;

/** What a look shows. Where a part of the video is drawn, one that somebody looked at. */
function drawView(
  { config, sampling, seed, labels }: LofiStageInput,
  fidelity: Fidelity,
  { video, number }: Look,
  moment: readonly number[],
): { readonly drawn: number; readonly view: VideoView; readonly target: SequenceTarget } {
  for (let draw = 0; ; draw += 1) {
    const again = draw === 0 ? [] : ['again', draw];
    const drawn = mixSeed(seed, 'view', ...moment, video.id, ...(number === 0 ? [] : [number]), ...again);
    const view = viewAt(video.timing, sampling, fidelity, drawn, config.augment?.timeFrames ?? 0);
    const target = sequenceTarget(video, labels, view.plan);
    if (draw + 1 >= DRAWS || isWorthTraining(target)) return { drawn, view, target };
  }
}

/** Where a step is. */
interface Step {
  readonly span: EpochSpan;
  readonly epochIndex: number;
  readonly stepInEpoch: number;
}

/** One step of the optimiser: the gradients of its micro-batches, added up. */
async function lofiStep(
  environment: TrainEnvironment,
  input: LofiStageInput,
  state: LofiState,
  session: EncoderSession,
  step: Step,
  looks: readonly Look[],
): Promise<DetectorStep> {
  const { config } = input;
  const size = config.microBatch ?? looks.length;
  let sum = null as MicroStep | null;
  for (let from = 0; from < looks.length; from += size) {
    const part = looks.slice(from, from + size);
    const own = await microStep(environment, input, state, session, step, part, from);
    state.detector = own.head.state;
    Object.assign(state.encoder, own.runningStatistics);
    if (part.length === looks.length) sum = own;
    else {
      const share = part.length / looks.length;
      scaleGradients(own.gradients, share);
      scaleGradients(own.head.gradients, share);
      if (sum === null) sum = { ...own, head: { ...own.head, loss: share * own.head.loss } };
      else {
        addGradients(sum.gradients, own.gradients);
        addGradients(sum.head.gradients, own.head.gradients);
        const loss: number = sum.head.loss + share * own.head.loss;
        sum = { ...sum, head: { ...own.head, gradients: sum.head.gradients, loss } };
      }
    }
  }
  applyStep(config, environment.detector.noDecay, state, step.span, sum!.head, sum!.gradients);
  session.setParameters(state.encoder);
  return sum!.head;
}

interface MicroStep {
  readonly head: DetectorStep;
  /** Of the encoder. */
  readonly gradients: TensorMap;
  readonly runningStatistics: TensorMap;
}

/** @param from number of the first look in the step */
async function microStep(
  environment: TrainEnvironment,
  input: LofiStageInput,
  state: LofiState,
  session: EncoderSession,
  { span, epochIndex, stepInEpoch }: Step,
  looks: readonly Look[],
  from: number,
): Promise<MicroStep> {
  const { config, sampling, seed } = input;
  const { detector } = environment;
  const channels = environment.spec.featureChannels;
  const fidelity = span.fidelityOf(stepInEpoch);
  const targets: SequenceTarget[] = [];
  const parts: Uint8Array[] = [];
  let side = sampling.side;
  for (const look of looks) {
    const { video } = look;
    const { drawn, view, target } = drawView(input, fidelity, look, [epochIndex, stepInEpoch]);
    side = view.side;
    const change =
      config.augment === null ? null : drawChange(config.augment, side, mixSeed(drawn, 'change'));
    parts.push(await assembleSnippets(environment.frames, video.id, view.plan, side, change));
    targets.push(target);
  }
  const frames = stackSnippets(parts, sampling.framesPerSnippet, side);
  let head: DetectorStep | null = null;
  const result = await stepInChunks(
    session,
    frames,
    async (features) => {
      let at = 0;
      const sequences = targets.map((target) => {
        const rows = features.subarray(at, at + target.length * channels);
        at += rows.length;
        return { ...target, features: rows };
      });
      const batch = padSequences(sequences, channels, weightsOf(input));
      head = await detector.lossAndGradients(state.head, state.detector, batch, { featureGradients: true });
      return unpadGradients(head.featureGradients!, batch.lengths, channels);
    },
    {
      chunkSnippets: config.chunkSnippets ?? snippetsPerCall(sampling.framesPerSnippet, side),
      ...(config.snippetShare < 1
        ? {
            selected: sampleSnippets(
              frames.shape[0],
              config.snippetShare,
              mixSeed(seed, 'share', epochIndex, stepInEpoch, ...(from === 0 ? [] : [from])),
            ),
          }
        : {}),
    },
  );
  const done = head as unknown as DetectorStep;
  return { head: done, gradients: result.gradients, runningStatistics: result.runningStatistics ?? {} };
}

function applyStep(
  config: LofiConfig,
  noDecay: (name: string) => boolean,
  state: LofiState,
  span: EpochSpan,
  head: DetectorStep,
  encoderGradients: TensorMap,
): void {
  const moment = {
    step: span.epoch * span.steps + (state.step - span.firstStep),
    totalSteps: span.phaseEpochs * span.steps,
    stepsPerEpoch: span.steps,
  };
  const encoderPeak =
    span.phase === 'windows' ? config.windowEncoderLearningRate : config.encoder.learningRate;
  const encoderRate = learningRateAt(config.encoder, moment, encoderPeak);
  const headRate = learningRateAt(config.head, moment);
  const where = `Stage 2 diverged at step ${state.step}`;
  const encoderNorm = clipByGlobalNorm(encoderGradients, config.encoder.clipNorm);
  requireFinite(encoderNorm, encoderGradients, state.encoder, where);
  const headNorm = clipByGlobalNorm(head.gradients, config.head.clipNorm);
  requireFinite(headNorm, head.gradients, state.head, where);
  requireFiniteLoss(head.loss, { ...state.encoder, ...state.head }, where);
  optimiserStep(
    config.encoder,
    encoderRate,
    state.encoder,
    encoderGradients,
    state.encoderOptimiser,
    isNormOrBias,
  );
  optimiserStep(config.head, headRate, state.head, head.gradients, state.headOptimiser, noDecay);
  state.detector = head.state;
  state.step += 1;
}

/** A share of the snippets, ascending (ETAD's sampling). */
function sampleSnippets(count: number, share: number, seed: number): number[] {
  const order = createRandom(seed).shuffle(Array.from({ length: count }, (_, index) => index));
  return order.slice(0, Math.max(1, Math.round(count * share))).sort((a, b) => a - b);
}
