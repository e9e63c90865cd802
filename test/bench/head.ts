/**
 * How long a training step of the heads takes on TF.js WASM, and G-TAD against plain PyTorch that builds the aligned map.
 *
 * `--python PATH` names a Python with PyTorch; without it only the own figures are printed.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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

interface Figures {
  readonly stepMs: number;
  /** Growth of the process's peak memory over the steps. */
  readonly addedMb: number;
}

async function measure(
  config: DetectorConfig,
  items: number,
  steps: number,
  repeats: number,
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
  for (let i = 0; i < repeats; i += 1) {
    const began = performance.now();
    const step = await detector.lossAndGradients(parameters, state, batch, { featureGradients: true });
    times.push(performance.now() - began);
    state = step.state;
    // As a training does after the optimiser's step.
    releaseTensors(step.gradients);
  }
  return {
    stepMs: Math.round(Math.min(...times)),
    addedMb: Math.round((process.resourceUsage().maxRSS - before) / 1024),
  };
}

/** `bench head [--repeats 5] [--python PATH]` */
export const bench: Benchmark = {
  name: 'head',
  summary: 'Training step of each head on WASM; G-TAD (C = 512, T = 100, batch 1) against plain PyTorch',
  async run({ options, log }) {
    const repeats = Number(options['repeats'] ?? 5);
    await tf.setBackend('wasm');
    // G-TAD first: peak memory only grows.
    log('G-TAD, C = 512, T = 100, batch 1');
    const gtad = await measure(gtadConfig({ inChannels: 512, numClasses: 0 }), 1, 100, repeats);
    log('Anchor-free and TriDet, C = 128, T = 64, batch 10');
    const anchorFree = await measure(anchorFreeConfig({ inChannels: 128, numClasses: 8 }), 10, 64, repeats);
    const tridet = await measure(tridetConfig({ inChannels: 128, numClasses: 8 }), 10, 64, repeats);
    const own = { gtad, anchorFree, tridet };
    const python = options['python'];
    if (python === undefined) return own;
    log('The same G-TAD step in PyTorch');
    const script = fileURLToPath(new URL('head_torch.py', import.meta.url));
    const text = execFileSync(python, [script, String(repeats)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const peer = JSON.parse(text) as { readonly stepMs: readonly number[]; readonly addedBytes: number };
    const pytorch = {
      stepMs: Math.round(peer.stepMs[0] ?? NaN),
      addedMb: Math.round(peer.addedBytes / 2 ** 20),
    };
    return {
      ...own,
      pytorch,
      gtadFaster: pytorch.stepMs / gtad.stepMs,
      gtadMemoryShare: gtad.addedMb / pytorch.addedMb,
    };
  },
};
