/**
 * Features of whole videos at full fidelity with a frozen encoder: what stage 3 trains on and predictions are made from.
 */
import { chunksOf } from '#core/compute/chunked';
import type { EncoderSession } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';
import { assembleSnippets, stackSnippets } from '#core/data/assemble';
import { planSnippets, slicePlan } from '#core/data/snippets';
import type { SnippetPlan } from '#core/data/snippets';
import { mixSeed } from '#core/util/random';
import type { SamplingConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';

/** Features of one video with the plan that they follow. float32 [plan.snippets, C] */
export interface VideoFeatures {
  readonly plan: SnippetPlan;
  readonly features: Float32Array;
}

/** Pixels that one call of the encoder may take; keeps memory low whatever the length of the video. */
const PIXELS_PER_CALL = 64 * 8 * 64 * 64;

/** Snippets of one call. */
export function snippetsPerCall(framesPerSnippet: number, side: number): number {
  return Math.max(1, Math.floor(PIXELS_PER_CALL / (framesPerSnippet * side * side)));
}

/** A short name for weights, so that cached features are never another encoder's. */
export function parametersKey(parameters: TensorMap): string {
  let hash = 0x811c9dc5;
  let second = 0x9e3779b9;
  for (const name of Object.keys(parameters).sort()) {
    const { data } = parameters[name]!;
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < words.length; i += 1) {
      hash = Math.imul(hash ^ words[i]!, 0x01000193);
      second = Math.imul(second ^ (words[i]! >>> 7), 0x85ebca6b) + i;
    }
  }
  return (hash >>> 0).toString(16).padStart(8, '0') + (second >>> 0).toString(16).padStart(8, '0');
}

/** Extracts one video, or the part of it that `plan` names, in calls of bounded size. */
export async function extractVideo(
  session: EncoderSession,
  environment: Pick<TrainEnvironment, 'frames'>,
  video: TimedVideo,
  sampling: SamplingConfig,
  plan: SnippetPlan = planSnippets(video.timing, sampling),
): Promise<VideoFeatures> {
  const channels = session.spec.featureChannels;
  const features = new Float32Array(plan.snippets * channels);
  const perCall = snippetsPerCall(sampling.framesPerSnippet, sampling.side);
  for (const { start, count } of chunksOf(plan.snippets, perCall)) {
    const part = slicePlan(plan, start, count);
    const pixels = await assembleSnippets(environment.frames, video.id, part, sampling.side, null);
    const batch = stackSnippets([pixels], sampling.framesPerSnippet, sampling.side);
    features.set(await session.features(batch), start * channels);
  }
  checkFeatures(features, video.id);
  return { plan, features };
}

/**
 * Features of all videos; those that the store still has are not computed again.
 * @param name words for the progress: `frozen`, `tuned`
 */
export async function extractFeatures(
  environment: TrainEnvironment,
  encoder: TensorMap,
  videos: readonly TimedVideo[],
  sampling: SamplingConfig,
  step: string,
  name: string,
): Promise<Map<string, VideoFeatures>> {
  const { control, features: store } = environment;
  const key = parametersKey(encoder);
  const samplingKey = mixSeed(JSON.stringify(sampling)).toString(16);
  const session = await environment.engine.openEncoder(environment.spec, encoder, {
    batchNorm: 'frozen',
    constantParameters: true,
  });
  const result = new Map<string, VideoFeatures>();
  try {
    for (const [index, video] of videos.entries()) {
      await control.breathe();
      const videoKey = `${video.contentHash}-${samplingKey}-${key}`;
      const known = await store.load(videoKey);
      const plan = planSnippets(video.timing, sampling);
      const isUsable = known?.length === plan.snippets * environment.spec.featureChannels;
      const entry = isUsable
        ? { plan, features: known }
        : await extractVideo(session, environment, video, sampling);
      if (!isUsable) await store.save(videoKey, entry.features);
      result.set(video.id, entry);
      control.progress(step, `Features, ${name}`, index + 1, videos.length, 'videos');
    }
  } finally {
    session.dispose();
  }
  return result;
}

/** @throws StudioError `bad-input` when a feature is not a finite number */
function checkFeatures(features: Float32Array, videoId: string): void {
  for (let i = 0; i < features.length; i += 1) {
    if (!Number.isFinite(features[i]!)) {
      throw new StudioError(
        'bad-input',
        `The features of video "${videoId}" hold a value that is not a number. Its encoder's weights are damaged or its training diverged; start from another encoder.`,
        { video: videoId, position: i },
      );
    }
  }
}
