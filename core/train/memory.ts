/**
 * How much memory a training needs: what a worker's process holds at its peak, from the sizes of what it works on.
 *
 * The factors were fitted to measured peaks on the default engine (`bench plan-memory` prints both beside each other).
 */
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { activationBytes } from '#core/model/encoder/sizes';
import { planEpochs, sideAt } from '#core/data/fidelity';
import type { DetectorName } from '#core/model/detector';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { TrainConfig } from './config.ts';
import { snippetsPerCall } from './extract.ts';

/** Node, the libraries, and what the collector has not freed yet. */
const BASE_BYTES = 385e6;
/** Activations of one run of the engine's graphs; larger batches go through in several runs (decision 0021). */
const RUN_BYTES = 12e6;
/** Activations, their gradients, and the graph of the features beside it. */
const ACTIVATION_FACTOR = 3.7;
/** Copies of the weights: in each thread (parameters, constants, gradients), and beside them (moments, sums, a checkpoint that is written). */
const WEIGHT_COPIES = { perThread: 6.5, main: 8 } as const;
/** Copies of a batch's frames: read, resized, changed, stacked, cut for the threads. */
const FRAME_COPIES = 4;
/** Bytes of a head's values for each sequence and step; G-TAD's map grows with the square, its bytes are for each candidate. */
const HEAD_BYTES: Readonly<Record<DetectorName, number>> = {
  'anchor-free': 0.06e6,
  tridet: 0.5e6,
  'g-tad': 54e3,
};

/** Bytes that a head's values take. */
function headBytes({ detector, sampling, lofi, head }: TrainConfig): number {
  const batch = Math.max(head.batch, lofi.batch, 4);
  const steps = sampling.snippets;
  return batch * HEAD_BYTES[detector] * (detector === 'g-tad' ? (steps * (steps + 1)) / 2 : steps);
}

/** Resident bytes of the worker at its peak. @param cores threads of the engine, one each */
export function memoryEstimate(config: TrainConfig, spec: EncoderSpec, cores: number): number {
  const { sampling, lofi } = config;
  const encoder = buildEncoderLayers({ ...spec, framesPerSnippet: sampling.framesPerSnippet });
  const weights = encoder.parameters.reduce(
    (sum, { shape }) => sum + 4 * shape.reduce((product, length) => product * length, 1),
    0,
  );
  const runBytes = (side: number): number => {
    const one = activationBytes(encoder, {
      snippets: 1,
      frames: sampling.framesPerSnippet,
      height: side,
      width: side,
    });
    const chunk = lofi.chunkSnippets ?? snippetsPerCall(sampling.framesPerSnippet, side);
    const inRun = Math.max(1, Math.round(Math.max(RUN_BYTES, weights) / one));
    return one * Math.min(inRun, Math.max(1, Math.ceil(chunk / cores)));
  };
  const fidelities = config.tune === false ? [] : planEpochs(lofi).map((epoch) => epoch.fidelityOf(0));
  const sides = new Set([sampling.side, ...fidelities.map((fidelity) => sideAt(fidelity, sampling.side))]);
  const activations = [...sides].reduce((sum, side) => sum + runBytes(side), 0);
  const frames = Math.max(
    0,
    ...fidelities.map(
      (fidelity) =>
        ((fidelity.name === 't-window' ? lofi.windowBatch : lofi.batch) *
          sampling.snippets *
          sampling.framesPerSnippet *
          sideAt(fidelity, sampling.side) ** 2 *
          3) /
        fidelity.temporalFactor,
    ),
  );
  return (
    BASE_BYTES +
    cores * ACTIVATION_FACTOR * activations +
    (cores * WEIGHT_COPIES.perThread + WEIGHT_COPIES.main) * weights +
    FRAME_COPIES * frames +
    headBytes(config)
  );
}
