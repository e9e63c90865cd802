/**
 * How much memory a training needs: what a worker's process holds at its peak, from the sizes of what it works on.
 *
 * The factors were fitted to measured peaks on the default engine with two threads, and hold within 20 % on configurations that they were
 * not fitted to (`bench plan-memory` prints both beside each other).
 */
import { evenChunk, RUN_BYTES } from '#core/compute/chunked';
import type { EngineName } from '#core/compute/engine';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { activationBytes } from '#core/model/encoder/sizes';
import { planEpochs, sideAt } from '#core/data/fidelity';
import type { DetectorName } from '#core/model/detector';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { TrainConfig } from './config.ts';
import { snippetsPerCall } from './extract.ts';

/** Node, the libraries, and what the collector has not freed yet. */
const BASE_BYTES = 451e6;
/** Activations and their gradients. */
const ACTIVATION_FACTOR = 2.7;
/** Copies of the weights: sums of each thread, and what all share (parameters, constants, moments, the best encoder, a checkpoint that is written). */
const WEIGHT_COPIES = { perThread: 1.5, main: 6.6 } as const;
/** Copies of a batch's frames: read, resized, changed, stacked, cut for the threads. */
const FRAME_COPIES = 3.3;
/** A head's kernels, buffers and parameters. G-TAD's map passes in pieces, so the length of a sequence shows no more. */
const HEAD_BYTES: Readonly<Record<DetectorName, number>> = {
  'anchor-free': 0,
  tridet: 112e6,
  'g-tad': 490e6,
};

/**
 * What native TensorFlow takes where the default engine takes so many bytes: its library is larger, but one copy of weights and activations
 * serves all threads. Fitted to nine measured peaks, within 5 % of each (docs/benchmarks.md, "Memory of a plan").
 */
function onNativeTensorflow(bytes: number): number {
  return Math.max(0.82 * bytes, Math.min(bytes + 300e6, 1.3e9));
}

/** Resident bytes of the worker at its peak. @param cores threads of the engine, one each */
export function memoryEstimate(
  config: TrainConfig,
  spec: EncoderSpec,
  cores: number,
  engine: EngineName = 'onnx',
): number {
  const { sampling, lofi } = config;
  const encoder = buildEncoderLayers({ ...spec, framesPerSnippet: sampling.framesPerSnippet });
  const weights = encoder.parameters.reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((product, length) => product * length, 1),
    0,
  );
  /** Activations of one thread's run, of `snippets` that go through the encoder at a side, as the engine cuts them. */
  const runBytes = (side: number, snippets: number): number => {
    const one = activationBytes(encoder, {
      snippets: 1,
      frames: sampling.framesPerSnippet,
      height: side,
      width: side,
    });
    const chunk = lofi.chunkSnippets ?? snippetsPerCall(sampling.framesPerSnippet, side);
    const most = Math.max(1, Math.round(Math.max(RUN_BYTES, 2 * weights) / one));
    return one * evenChunk(Math.max(1, Math.ceil(Math.min(chunk, snippets) / cores)), most);
  };
  const fidelities = config.tune === false ? [] : planEpochs(lofi).map((epoch) => epoch.fidelityOf(0));
  const batches = fidelities.map((fidelity) => ({
    side: sideAt(fidelity, sampling.side),
    snippets: Math.round(
      ((fidelity.name === 't-window' ? lofi.windowBatch : lofi.batch) * sampling.snippets) /
        fidelity.temporalFactor,
    ),
  }));
  if (batches.length === 0) batches.push({ side: sampling.side, snippets: sampling.snippets });
  // Each side has graphs of its own, which stay.
  const largest = new Map<number, number>();
  for (const { side, snippets } of batches) {
    largest.set(side, Math.max(largest.get(side) ?? 0, runBytes(side, snippets)));
  }
  const activations = [...largest.values()].reduce((sum, bytes) => sum + bytes, 0);
  const frames = Math.max(
    ...batches.map(({ side, snippets }) => snippets * sampling.framesPerSnippet * side ** 2 * 3),
  );
  const bytes =
    BASE_BYTES +
    cores * ACTIVATION_FACTOR * activations +
    (cores * WEIGHT_COPIES.perThread + WEIGHT_COPIES.main) * weights +
    FRAME_COPIES * frames +
    HEAD_BYTES[config.detector];
  return engine === 'tensorflow' ? onNativeTensorflow(bytes) : bytes;
}
