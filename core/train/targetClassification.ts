/**
 * ACP+ (Xu et al., NeurIPS 2021, section 4): the encoder also learns to classify snippets of the target's own segments, before or instead of
 * LoFi. It tells how much of LoFi's gain is only the change of data.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { assembleSnippets, stackSnippets } from '#core/data/assemble';
import { drawChange } from '#core/data/augment';
import { labelIndex } from '#core/data/grid';
import { frameAt } from '#core/data/snippets';
import { StudioError } from '#core/contract/errors';
import { createRandom, mixSeed } from '#core/util/random';
import type { AugmentConfig, SamplingConfig, TargetClassificationConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import { runClassification, startClassification } from './stage1.ts';
import type { ClipBatch } from './stage1.ts';

/** What it learns from. */
export interface TargetClassificationInput {
  readonly config: TargetClassificationConfig;
  readonly sampling: SamplingConfig;
  readonly augment: AugmentConfig | null;
  readonly seed: number;
  readonly labels: readonly string[];
  readonly training: readonly TimedVideo[];
  readonly encoder: TensorMap;
}

/** Fine-tunes on snippets from inside segments, with frozen statistics. @returns the encoder's new parameters */
export async function runTargetClassification(
  environment: TrainEnvironment,
  input: TargetClassificationInput,
): Promise<TensorMap> {
  const { config, sampling, labels } = input;
  const { control } = environment;
  const segments = input.training.flatMap((video) => video.segments.map((segment) => ({ video, segment })));
  if (segments.length === 0)
    throw new StudioError('bad-input', 'There are no segments to classify. Label some, then train.');
  const clip = async (step: number): Promise<ClipBatch> => {
    const parts: Uint8Array[] = [];
    const classes: number[] = [];
    for (let i = 0; i < config.clipsPerStep; i += 1) {
      const seed = mixSeed(input.seed, 'target', step, i);
      const random = createRandom(seed);
      const { video, segment } = segments[random.integer(segments.length)]!;
      const centre = frameAt(video.timing, random.uniform(segment.startSec, segment.endSec));
      const last = video.timing.frameSec.length - 1;
      const frames = Int32Array.from({ length: sampling.framesPerSnippet }, (_, f) => {
        const offset = Math.round((f - sampling.framesPerSnippet / 2) * (sampling.strideFrames ?? 1));
        return Math.min(last, Math.max(0, centre + offset));
      });
      const plan = {
        snippets: 1,
        framesPerSnippet: sampling.framesPerSnippet,
        frames,
        startSec: 0,
        stepSec: 1,
      };
      const change =
        input.augment === null ? null : drawChange(input.augment, sampling.side, mixSeed(seed, 'change'));
      parts.push(await assembleSnippets(environment.frames, video.id, plan, sampling.side, change));
      classes.push(labelIndex(labels, segment.label));
    }
    return { frames: stackSnippets(parts, sampling.framesPerSnippet, sampling.side), classes };
  };
  const classification = {
    seed: input.seed,
    steps: config.steps,
    classCount: labels.length,
    optimiser: config.optimiser,
    batchNorm: 'frozen',
    labelSmoothing: 0,
  } as const;
  const state = startClassification(input.encoder, environment.spec.featureChannels, classification);
  await runClassification({
    engine: environment.engine,
    spec: environment.spec,
    config: classification,
    state,
    clips: clip,
    afterStep: async ({ step, loss }) => {
      control.metric({ name: 'loss', series: 'target', step, value: loss });
      control.progress('target', 'Classifying segments', step, config.steps, 'steps');
      await control.breathe();
    },
  });
  return state.encoder;
}
