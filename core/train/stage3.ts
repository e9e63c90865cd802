/**
 * Stage 3: a head from scratch at full fidelity on features of a frozen encoder, the same for the stage-1 encoder (the baseline) and the
 * tuned one. The state that is kept is the best on held-out videos; testing videos are never looked at.
 *
 * For few labels: one class for all at first, and several learning rates of which held-out videos choose one. Both variants get the same.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { mixSeed } from '#core/util/random';
import type { HeadConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import type { VideoFeatures } from './extract.ts';
import { headSteps, trainHead } from './headTraining.ts';
import type { TrainedHead } from './headTraining.ts';
import { detectVideos, scoreDetections } from './heldOut.ts';
import type { TrainedModel } from './job.ts';
import { classWeightsOf, trainingSequences } from './sequences.ts';
import type { Sequence } from './sequences.ts';

/** More than that cannot be told apart on the screen. */
const PREVIEW_SEGMENTS = 40;

/** Which run this is. */
export type HeadVariant = TrainedModel['variant'];

/** What stage 3 trains on. */
export interface HeadStageInput {
  readonly variant: HeadVariant;
  readonly config: HeadConfig;
  readonly seed: number;
  readonly labels: readonly string[];
  readonly training: readonly TimedVideo[];
  readonly validation: readonly TimedVideo[];
  readonly features: ReadonlyMap<string, VideoFeatures>;
  /** Steps of a training sequence; longer videos are cut into windows. */
  readonly windowSnippets: number;
  /** Follows the variant in the names of checkpoints and curves, where one variant is trained several times. */
  readonly suffix?: string;
}

/** A trained head with the rate that it was trained at. */
export interface HeadStageResult extends TrainedHead {
  readonly learningRate: number;
}

/** Peak rates that are tried. Without held-out videos nothing could choose. */
export function ratesOf({ learningRates, optimiser }: HeadConfig, canChoose: boolean): readonly number[] {
  return canChoose && learningRates !== undefined && learningRates.length > 0
    ? learningRates
    : [optimiser.learningRate];
}

/** The class-agnostic view of a sequence; what was rejected may have been another class's, so it says nothing here. */
const agnosticSequence = (sequence: Sequence): Sequence => ({
  ...sequence,
  segments: sequence.segments.map((each) => ({ ...each, classIndex: Math.min(0, each.classIndex) })),
  rejected: [],
});

/**
 * Trains heads and gives the best. Continues from checkpoints where there are any.
 * @throws StudioError `internal` when the loss is not finite
 */
export async function runHeadStage(
  environment: TrainEnvironment,
  input: HeadStageInput,
): Promise<HeadStageResult> {
  const { detector, control } = environment;
  const { config, variant, labels, training, validation, features, windowSnippets, suffix = '' } = input;
  await environment.engine.useHeadBackend();
  const sequences = trainingSequences(training, features, labels, windowSnippets);
  const rates = ratesOf(config, validation.length > 0);
  const agnosticEpochs = detector.agnostic === undefined ? 0 : (config.agnosticEpochs ?? 0);
  const epochs = { agnostic: agnosticEpochs, classes: config.epochs };
  const stepsOf = (count: number): number => headSteps(sequences.length, { ...config, epochs: count });
  const perRate = stepsOf(epochs.agnostic + epochs.classes);
  const progressName = `stage3-${variant}`;
  const [shown] = [...validation].sort((a, b) => b.segments.length - a.segments.length);
  const validate = async (parameters: TensorMap, epoch: number): Promise<TrainedModel['validation']> => {
    const found = await detectVideos(environment, parameters, validation, features, labels, windowSnippets);
    const score = scoreDetections(validation, found);
    if (score !== null && shown !== undefined) {
      const segments = [...(found[shown.id] ?? [])].sort((a, b) => b.score - a.score);
      control.preview({
        videoId: shown.id,
        series: variant,
        epoch,
        segments: segments.slice(0, PREVIEW_SEGMENTS),
      });
    }
    return score;
  };
  let best: HeadStageResult | null = null;
  for (const [index, learningRate] of rates.entries()) {
    const tag = `${suffix}${rates.length > 1 ? `-${learningRate}` : ''}`;
    const optimiser = { ...config.optimiser, learningRate };
    // The baseline's head is trained before the encoder is tuned: to a person it is not the last of three stages.
    const stage =
      variant === 'frozen' ? 'Baseline, head on frozen features' : 'Stage 3 of 3, head on tuned features';
    const text = rates.length > 1 ? `${stage}, rate ${index + 1}/${rates.length}` : stage;
    const report = (done: number, words: string): void =>
      control.progress(progressName, words, index * perRate + done, rates.length * perRate, 'steps');
    const seed = mixSeed(input.seed, 'head');
    let start = detector.initialise(seed);
    if (detector.agnostic !== undefined && epochs.agnostic > 0) {
      const agnostic = detector.agnostic.detector;
      const { parameters } = await trainHead(
        { ...environment, detector: agnostic },
        {
          checkpoint: `stage3-${variant}${tag}-agnostic`,
          series: `${variant}${tag} agnostic`,
          config: { ...config, optimiser, epochs: epochs.agnostic },
          seed: input.seed,
          start: agnostic.initialise(seed),
          startState: agnostic.initialState(seed),
          sequences: sequences.map(agnosticSequence),
          classWeights: undefined,
          validate: null,
          progress: (epoch, step) =>
            report(step, `${text}, all classes as one, epoch ${epoch + 1}/${epochs.agnostic}`),
        },
      );
      start = detector.agnostic.expand(parameters);
    }
    const trained = await trainHead(environment, {
      checkpoint: `stage3-${variant}${tag}`,
      series: `${variant}${tag}`,
      config: { ...config, optimiser },
      seed: input.seed,
      start,
      startState: detector.initialState(seed),
      sequences,
      classWeights: config.classBalance === true ? classWeightsOf(training, labels) : undefined,
      validate: validation.length === 0 ? null : validate,
      progress: (epoch, step) =>
        report(stepsOf(epochs.agnostic) + step, `${text}, epoch ${epoch + 1}/${epochs.classes}`),
    });
    const isBetter =
      best === null || (trained.validation?.averageMap ?? -1) > (best.validation?.averageMap ?? -1);
    if (isBetter) best = { ...trained, learningRate };
  }
  return best!;
}
