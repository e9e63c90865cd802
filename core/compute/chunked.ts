/**
 * Exact back-propagation through an encoder in chunks of snippets, so that memory holds the head and one chunk only.
 *
 * Snippets do not see each other in the encoder (temporal shift stays inside a snippet) as long as batch norm is frozen. So features are
 * computed chunk by chunk without gradients, the head gives dL/dfeatures, and each chunk is passed again with its share of that gradient;
 * the parameters' gradients add up (ETAD, Liu et al., CVPR 2023 workshops; OpenTAD's chunked backbones).
 */
import type { EncoderGradients, EncoderSession, FeatureGradient, FrameBatch } from '#core/compute/engine';
import { addAndRelease, type TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';

/**
 * Activations of one run of a graph of the default engine: small enough for the processor's cache, where measured steps are a third faster.
 * The planner's estimate of memory counts with it.
 */
export const RUN_BYTES = 12e6;

/** Snippets from `start` on; shares memory with the batch. */
export function sliceFrames(frames: FrameBatch, start: number, count: number): FrameBatch {
  const [, frameCount, height, width, colours] = frames.shape;
  const size = frameCount * height * width * colours;
  return {
    data: frames.data.subarray(start * size, (start + count) * size),
    shape: [count, frameCount, height, width, colours],
  };
}

/** A copy of the named snippets, in that order. */
export function pickSnippets(frames: FrameBatch, indices: readonly number[]): FrameBatch {
  const [, frameCount, height, width, colours] = frames.shape;
  const size = frameCount * height * width * colours;
  const data = new Uint8Array(indices.length * size);
  indices.forEach((index, i) => {
    data.set(frames.data.subarray(index * size, (index + 1) * size), i * size);
  });
  return { data, shape: [indices.length, frameCount, height, width, colours] };
}

interface Chunk {
  readonly start: number;
  readonly count: number;
}

/** Chunks of `chunkSnippets` and one with the rest: at most two sizes occur, so an engine compiles at most two graphs. */
export function chunksOf(snippets: number, chunkSnippets: number): Chunk[] {
  if (!Number.isInteger(chunkSnippets) || chunkSnippets < 1) {
    throw new StudioError(
      'wrong-usage',
      `A chunk needs a whole number of snippets of at least 1, not ${chunkSnippets}.`,
    );
  }
  return Array.from({ length: Math.ceil(snippets / chunkSnippets) }, (_, i) => {
    const start = i * chunkSnippets;
    return { start, count: Math.min(chunkSnippets, snippets - start) };
  });
}

/** The size of the fewest chunks of at most `most` snippets when they are about equal. */
export function evenChunk(snippets: number, most: number): number {
  return Math.ceil(snippets / Math.ceil(snippets / most));
}

/** What chunks need of a session. */
export type ChunkRunner = Pick<EncoderSession, 'spec' | 'features' | 'gradients'>;

/** Features of all snippets, chunk by chunk. @returns float32 [S, C] */
export async function featuresInChunks(
  session: Pick<ChunkRunner, 'spec' | 'features'>,
  frames: FrameBatch,
  chunkSnippets: number,
): Promise<Float32Array> {
  const channels = session.spec.featureChannels;
  const features = new Float32Array(frames.shape[0] * channels);
  for (const { start, count } of chunksOf(frames.shape[0], chunkSnippets)) {
    features.set(await session.features(sliceFrames(frames, start, count)), start * channels);
  }
  return features;
}

/**
 * Gradients of Σ dFeatures·features over all snippets, chunk by chunk. dFeatures: float32 [S, C].
 * With trained batch norm each chunk has statistics of its own, and the last chunk's running statistics are returned.
 */
export async function gradientsInChunks(
  session: ChunkRunner,
  frames: FrameBatch,
  dFeatures: Float32Array,
  chunkSnippets: number,
): Promise<EncoderGradients> {
  const channels = session.spec.featureChannels;
  const features = new Float32Array(frames.shape[0] * channels);
  let sums: TensorMap | null = null;
  let last: EncoderGradients | null = null;
  for (const { start, count } of chunksOf(frames.shape[0], chunkSnippets)) {
    const share = dFeatures.subarray(start * channels, (start + count) * channels);
    last = await session.gradients(sliceFrames(frames, start, count), share);
    features.set(last.features, start * channels);
    if (sums) addAndRelease(sums, last.gradients);
    else sums = last.gradients;
  }
  return { ...last, gradients: sums ?? {}, features };
}

/** How a step is cut. */
export interface ChunkedStepOptions {
  /** Snippets per chunk; a batch that fits in one chunk takes a single forward pass. */
  readonly chunkSnippets: number;
  /** Snippets whose gradient is computed (ETAD's sampling); absent: all. Features are always of all snippets. */
  readonly selected?: readonly number[];
}

/**
 * One exact training step of any length in the memory of one chunk.
 * @returns gradients of the selected snippets, features of all
 */
export async function stepInChunks(
  session: EncoderSession,
  frames: FrameBatch,
  head: FeatureGradient,
  options: ChunkedStepOptions,
): Promise<EncoderGradients> {
  const snippets = frames.shape[0];
  const { chunkSnippets, selected } = options;
  if (!selected && snippets <= chunkSnippets) return session.step(frames, head);
  const features = await featuresInChunks(session, frames, chunkSnippets);
  const dFeatures = await head(features);
  if (!selected) {
    const result = await gradientsInChunks(session, frames, dFeatures, chunkSnippets);
    return { ...result, features };
  }
  const channels = session.spec.featureChannels;
  const share = new Float32Array(selected.length * channels);
  selected.forEach((index, i) => {
    share.set(dFeatures.subarray(index * channels, (index + 1) * channels), i * channels);
  });
  const result = await gradientsInChunks(session, pickSnippets(frames, selected), share, chunkSnippets);
  return { ...result, features };
}
