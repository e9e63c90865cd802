/** Optimisers, clipping and the one-cycle schedule against PyTorch (`optimisers.py`). */
import { describe, expect, it } from 'vitest';
import type { TensorMap } from '#core/compute/hostTensor';
import type { OptimiserConfig } from '#core/train/config';
import { clipByGlobalNorm, initialOptimiserState, optimiserStep } from '#core/train/optimiser';
import { learningRateAt } from '#core/train/schedule';
import golden from './optimisers.json' with { type: 'json' };

const BASE: OptimiserConfig = {
  kind: 'sgd',
  learningRate: 0.1,
  momentum: 0,
  weightDecay: 1e-4,
  schedule: 'constant',
  stepEpochs: 5,
  stepFactor: 0.5,
  warmupEpochs: 0,
  clipNorm: null,
};
const mapOf = (values: readonly number[]): TensorMap => ({
  w: { shape: [2, 3], data: Float32Array.from(values) },
});

describe('optimisers equal torch.optim', () => {
  const cases: readonly (readonly [string, OptimiserConfig, readonly (readonly number[])[]])[] = [
    ['SGD', BASE, golden.sgd],
    ['SGD with momentum', { ...BASE, momentum: 0.9, weightDecay: 1e-2 }, golden.momentum],
    ['Adam', { ...BASE, kind: 'adam', learningRate: 0.01, weightDecay: 1e-2 }, golden.adam],
    ['AdamW', { ...BASE, kind: 'adamw', learningRate: 0.01, weightDecay: 0.05 }, golden.adamw],
  ];
  it.each(cases)('%s', (_, config, expected) => {
    const parameters = mapOf(golden.start);
    const state = initialOptimiserState();
    golden.gradients.forEach((gradient, step) => {
      optimiserStep(config, config.learningRate, parameters, mapOf(gradient), state, () => false);
      parameters['w']!.data.forEach((value, i) => expect(value).toBeCloseTo(expected[step]![i]!, 5));
    });
    expect(state.step).toBe(golden.gradients.length);
  });

  it('leaves parameters without decay and without gradients alone', () => {
    const still = { shape: [1], data: Float32Array.of(7) };
    const parameters: TensorMap = { ...mapOf(golden.start), still };
    const zero = { w: { shape: [2, 3], data: new Float32Array(6) } };
    optimiserStep({ ...BASE, weightDecay: 1 }, 0.1, parameters, zero, initialOptimiserState(), () => true);
    expect([...parameters['w']!.data]).toEqual([...Float32Array.from(golden.start)]);
    expect(still.data[0]).toBe(7);
  });
});

it('clips by the global norm as PyTorch does', () => {
  const gradients = mapOf(golden.gradients[0]!);
  expect(clipByGlobalNorm(gradients, 0.5)).toBeCloseTo(golden.clip.norm, 5);
  gradients['w']!.data.forEach((value, i) => expect(value).toBeCloseTo(golden.clip.gradient[i]!, 5));
  const small = mapOf([1e-3, 0, 0, 0, 0, 0]);
  clipByGlobalNorm(small, 0.5);
  expect(small['w']!.data[0]).toBe(Math.fround(1e-3));
});

describe('schedules', () => {
  it('one-cycle equals OneCycleLR', () => {
    const config = { ...BASE, schedule: 'one-cycle', learningRate: 4e-3 } as const;
    golden.oneCycle.forEach((expected, step) => {
      const rate = learningRateAt(config, { step, totalSteps: golden.oneCycle.length, stepsPerEpoch: 5 });
      expect(Math.abs(rate - expected)).toBeLessThan(1e-9);
    });
  });

  it('halves every five epochs (LoFi), warms up, and ends at nothing (cosine)', () => {
    const at = (config: OptimiserConfig, step: number): number =>
      learningRateAt(config, { step, totalSteps: 100, stepsPerEpoch: 10 });
    const halving = { ...BASE, schedule: 'step' } as const;
    expect([0, 49, 50, 99].map((step) => at(halving, step))).toEqual([0.1, 0.1, 0.05, 0.05]);
    const warm = { ...BASE, schedule: 'cosine', warmupEpochs: 1 } as const;
    expect(at(warm, 0)).toBeCloseTo(0.01);
    expect(at(warm, 10)).toBeCloseTo(0.1);
    expect(at(warm, 100)).toBeCloseTo(0);
  });
});
