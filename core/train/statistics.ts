/**
 * Batch norm's running statistics measured again at full fidelity: after stage 2 at a lower side, they belong to another resolution.
 *
 * Each batch's own statistics are taken out of the running ones and averaged evenly (Wu and Johnson, 2021, "Rethinking Batch in BatchNorm").
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { assembleSnippets, stackSnippets } from '#core/data/assemble';
import { planSnippets, slicePlan } from '#core/data/snippets';
import { NORM_MOMENTUM } from '#core/model/encoder/layers';
import { createRandom, mixSeed } from '#core/util/random';
import type { SamplingConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import { snippetsPerCall } from './extract.ts';
import { cloneParameters } from './optimiser.ts';

const ROUNDS = 24;
/** Snippets of one batch: 256 frames are enough for a mean. */
const LARGEST_BATCH = 32;

/** A copy of the parameters with statistics of the training videos at full fidelity. */
export async function reestimateStatistics(
  environment: TrainEnvironment,
  parameters: TensorMap,
  videos: readonly TimedVideo[],
  sampling: SamplingConfig,
  seed: number,
): Promise<TensorMap> {
  const result = cloneParameters(parameters);
  const sums: Record<string, Float64Array> = {};
  const random = createRandom(mixSeed(seed, 'statistics'));
  const session = await environment.engine.openEncoder(environment.spec, parameters, {
    batchNorm: 'trained',
  });
  const perCall = Math.min(LARGEST_BATCH, snippetsPerCall(sampling.framesPerSnippet, sampling.side));
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      await environment.control.breathe();
      const parts: Uint8Array[] = [];
      for (let i = 0; i < perCall; i += 1) {
        const video = videos[random.integer(videos.length)]!;
        const plan = planSnippets(video.timing, sampling);
        const one = slicePlan(plan, random.integer(plan.snippets), 1);
        parts.push(await assembleSnippets(environment.frames, video.id, one, sampling.side, null));
      }
      const frames = stackSnippets(parts, sampling.framesPerSnippet, sampling.side);
      const zeros = new Float32Array(perCall * environment.spec.featureChannels);
      const { runningStatistics = {} } = await session.gradients(frames, zeros);
      for (const [name, { data }] of Object.entries(runningStatistics)) {
        const before = parameters[name]!.data;
        const sum = (sums[name] ??= new Float64Array(data.length));
        for (let i = 0; i < data.length; i += 1) {
          sum[i]! += (data[i]! - (1 - NORM_MOMENTUM) * before[i]!) / NORM_MOMENTUM / ROUNDS;
        }
      }
    }
  } finally {
    session.dispose();
  }
  for (const [name, sum] of Object.entries(sums)) result[name]!.data.set(sum);
  return result;
}
