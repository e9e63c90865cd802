/**
 * How long a training step of the heads takes on TF.js WASM, and G-TAD in turn with plain PyTorch that builds the aligned map.
 * `LOFI_PYTHON` names another Python with PyTorch.
 */
import { setTimeout as wait } from 'node:timers/promises';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { releaseTensors } from '#core/compute/hostTensor';
import type { DetectorBatch } from '#core/model/detector';
import { buildDetector } from '#core/model/detectors/build';
import {
  anchorFreeConfig,
  gtadConfig,
  tridetConfig,
  type DetectorConfig,
} from '#core/model/detectors/config';
import { createRandom } from '#core/util/random';
import type { Benchmark } from './benchmark.ts';
import { PAUSE_MS, positive } from './encoderFigures.ts';
import { machine, ratioOf, spreadOf, type Spread } from './spread.ts';
import { startPeer } from './torchPeer.ts';

interface Figures {
  readonly step: Spread;
  /** Growth of the process's peak memory over the steps. */
  readonly addedBytes: number;
}

/** Repeats a head's training step; `between` runs after each. */
async function measure(
  config: DetectorConfig,
  items: number,
  steps: number,
  repeats: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Figures> {
  const random = createRandom(1);
  const batch: DetectorBatch = {
    features: Float32Array.from({ length: items * steps * config.inChannels }, () => random.normal()),
    shape: [items, steps, config.inChannels],
    lengths: Array<number>(items).fill(steps),
    segments: Array.from({ length: items }, () => [
      { start: 3, end: 19, classIndex: 0 },
      { start: 30, end: 51, classIndex: 0 },
    ]),
  };
  const detector = buildDetector(config);
  const parameters = detector.initialise(1);
  let state = detector.initialState(1);
  const before = process.resourceUsage().maxRSS;
  const times: number[] = [];
  // The first step makes tables and is not timed; its memory counts.
  for (let i = 0; i <= repeats; i += 1) {
    const began = performance.now();
    const step = await detector.lossAndGradients(parameters, state, batch, { featureGradients: true });
    if (i > 0) times.push(performance.now() - began);
    state = step.state;
    // As a training does after the optimiser's step.
    releaseTensors(step.gradients);
    if (i > 0) await between();
  }
  return { step: spreadOf(times), addedBytes: (process.resourceUsage().maxRSS - before) * 1024 };
}

/** `bench head [--repeats 9]` */
export const bench: Benchmark = {
  name: 'head',
  summary: 'Training step of each head on WASM; G-TAD (C = 512, T = 100, batch 1) in turn with plain PyTorch',
  async run(context) {
    const { log } = context;
    const repeats = positive(context, 'repeats', 9);
    await tf.setBackend('wasm');
    // G-TAD first: peak memory only grows.
    log('G-TAD, C = 512, T = 100, batch 1, and the same in PyTorch');
    const peer = await startPeer('head_torch.py', [], log);
    const gtad = await measure(gtadConfig({ inChannels: 512, numClasses: 0 }), 1, 100, repeats, async () => {
      await wait(PAUSE_MS);
      await peer?.run();
      await wait(PAUSE_MS);
    });
    const pytorch = (await peer?.finish()) ?? null;
    log('Anchor-free and TriDet, C = 128, T = 64, batch 10');
    const anchorFree = await measure(anchorFreeConfig({ inChannels: 128, numClasses: 8 }), 10, 64, repeats);
    const tridet = await measure(tridetConfig({ inChannels: 128, numClasses: 8 }), 10, 64, repeats);
    return {
      gtad,
      anchorFree,
      tridet,
      tfjs: tf.version_core,
      machine: machine(),
      pytorch,
      ...(pytorch === null
        ? {}
        : {
            gtadTimesPyTorch: ratioOf(gtad.step, pytorch.time),
            gtadMemoryShare: Number((gtad.addedBytes / pytorch.addedBytes).toFixed(3)),
          }),
    };
  },
};
