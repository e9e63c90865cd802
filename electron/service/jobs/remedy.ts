/**
 * What to try after a training failed for want of memory: the same training at a smaller fidelity, as a ready configuration.
 */
import type { ErrorInfo } from '#core/contract/errors';
import type { JobInfo } from '#core/contract/info';
import type { TrainConfig } from '#core/train/config';
import { chunkOf } from '#core/train/work';

const SMALLEST_SIDE = 48;
const SMALLEST_SNIPPETS = 16;

/** Smaller batches first (nothing is lost), then pictures, then snippets; null when it is as small as it gets. */
export function smallerConfig(
  config: TrainConfig,
): { readonly text: string; readonly config: TrainConfig } | null {
  const { lofi, sampling } = config;
  const chunk = chunkOf(config);
  if (chunk > 4) {
    const chunkSnippets = Math.max(2, Math.floor(chunk / 2));
    return {
      text: `Compute gradients ${chunkSnippets} snippets at a time: the same result, less memory, a little slower.`,
      config: { ...config, lofi: { ...lofi, chunkSnippets } },
    };
  }
  if (lofi.batch > 1 || lofi.windowBatch > 1) {
    const batch = Math.max(1, Math.floor(lofi.batch / 2));
    const windowBatch = Math.max(1, Math.floor(lofi.windowBatch / 2));
    return {
      text: `Train with batches of ${batch} instead of ${lofi.batch}.`,
      config: { ...config, lofi: { ...lofi, batch, windowBatch } },
    };
  }
  if (sampling.side > SMALLEST_SIDE) {
    const side = Math.max(SMALLEST_SIDE, Math.floor((sampling.side * 0.75) / 16) * 16);
    return {
      text: `Train on pictures of ${side}×${side} instead of ${sampling.side}×${sampling.side} pixels.`,
      config: { ...config, sampling: { ...sampling, side } },
    };
  }
  if (sampling.snippets > SMALLEST_SNIPPETS) {
    const snippets = Math.max(SMALLEST_SNIPPETS, Math.floor(sampling.snippets / 2));
    return {
      text: `Train on ${snippets} snippets per video instead of ${sampling.snippets}.`,
      config: { ...config, sampling: { ...sampling, snippets } },
    };
  }
  return null;
}

/** The remedy for an error; null where a configuration cannot help. */
export function remedyFor(error: ErrorInfo, config: TrainConfig | null): JobInfo['remedy'] {
  return error.code === 'out-of-memory' && config !== null ? smallerConfig(config) : null;
}
