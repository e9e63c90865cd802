/**
 * Every encoder on every engine against float64 PyTorch (`reference.py`): features, all gradients, running statistics.
 */
import type { ComputeEngine } from '#core/compute/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReferenceCase } from '#service/engines/selftest/inputs';
import { readFileSync } from 'node:fs';
import { featuresInChunks, gradientsInChunks, stepInChunks } from '#core/compute/chunked';
import { openEngine } from '#service/engines/index';
import {
  referenceFeatureGradients,
  referenceFrames,
  referenceParameters,
  sampledDifference,
} from '#service/engines/selftest/inputs';

import { ENGINES } from '../engines/available.ts';

const FEATURE_TOLERANCE = 1e-4;
const GRADIENT_TOLERANCE = 2e-3;
const reference = JSON.parse(readFileSync(new URL('./reference.json', import.meta.url), 'utf8')) as {
  readonly cases: Record<string, ReferenceCase>;
};
const cases = Object.entries(reference.cases);

describe.each(ENGINES)('encoders on %s', (engineName) => {
  let engine: ComputeEngine;

  beforeAll(async () => {
    engine = await openEngine(engineName);
  });
  afterAll(async () => {
    await engine.dispose();
  });

  it.each(cases)(
    'gives the features and gradients of PyTorch: %s',
    async (_name, { spec, shape, ...runs }) => {
      const parameters = referenceParameters(spec);
      for (const batchNorm of ['frozen', 'trained'] as const) {
        const session = await engine.openEncoder(spec, parameters, { batchNorm });
        const dFeatures = referenceFeatureGradients(shape[0], spec.featureChannels);
        const expected = runs[batchNorm];
        const result = await session.gradients(referenceFrames(shape), dFeatures);
        const peak = Math.max(...expected.features.map(Math.abs));
        const features = await session.features(referenceFrames(shape));
        expected.features.forEach((value, i) => {
          expect(Math.abs(result.features[i]! - value) / peak).toBeLessThan(FEATURE_TOLERANCE);
          expect(Math.abs(features[i]! - value) / peak).toBeLessThan(FEATURE_TOLERANCE);
        });
        expect(Object.keys(result.gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
        const wrong = Object.entries(expected.gradients)
          .map(([name, tensor]) => [name, sampledDifference(result.gradients[name]!.data, tensor)] as const)
          .filter(([, difference]) => difference > GRADIENT_TOLERANCE);
        expect(wrong).toEqual([]);
        for (const [name, tensor] of Object.entries(expected.running ?? {})) {
          expect(sampledDifference(result.runningStatistics![name]!.data, tensor)).toBeLessThan(
            FEATURE_TOLERANCE,
          );
        }
        session.dispose();
      }
    },
  );

  it('gives the same in chunks, in one step, and with constant parameters', async () => {
    const [, { spec }] = cases.find(([name]) => name === 'small-odd')!;
    const parameters = referenceParameters(spec);
    const frames = referenceFrames([5, 8, 20, 22]);
    const dFeatures = referenceFeatureGradients(5, spec.featureChannels);
    const session = await engine.openEncoder(spec, parameters, { batchNorm: 'frozen' });
    const constant = await engine.openEncoder(spec, parameters, {
      batchNorm: 'frozen',
      constantParameters: true,
    });
    const whole = await session.gradients(frames, dFeatures);
    const chunked = await gradientsInChunks(session, frames, dFeatures, 2);
    const stepped = await stepInChunks(session, frames, () => Promise.resolve(dFeatures), {
      chunkSnippets: 2,
    });
    const direct = await session.step(frames, () => Promise.resolve(dFeatures));
    const features = await featuresInChunks(constant, frames, 3);
    for (const [name, { data }] of Object.entries(whole.gradients)) {
      const peak = data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      for (const other of [chunked, stepped, direct]) {
        const difference = data.reduce(
          (largest, value, i) => Math.max(largest, Math.abs(value - other.gradients[name]!.data[i]!)),
          0,
        );
        expect(difference / peak).toBeLessThan(1e-5);
      }
    }
    for (const other of [chunked.features, stepped.features, direct.features, features]) {
      whole.features.forEach((value, i) => {
        expect(other[i]).toBeCloseTo(value, 4);
      });
    }
    session.dispose();
    constant.dispose();
  });

  it('leaves frozen layers without gradients and keeps the others exact', async () => {
    const [, { spec, shape }] = cases.find(([name]) => name === 'bottleneck')!;
    const parameters = referenceParameters(spec);
    const frozenPrefixes = ['conv1', 'bn1', 'layer1.', 'layer2.0.bn1'];
    const session = await engine.openEncoder(spec, parameters, { batchNorm: 'frozen', frozenPrefixes });
    const all = await engine.openEncoder(spec, parameters, { batchNorm: 'frozen' });
    const dFeatures = referenceFeatureGradients(shape[0], spec.featureChannels);
    const some = await session.gradients(referenceFrames(shape), dFeatures);
    const full = await all.gradients(referenceFrames(shape), dFeatures);
    const wanted = Object.keys(full.gradients).filter(
      (name) => !frozenPrefixes.some((p) => name.startsWith(p)),
    );
    expect(Object.keys(some.gradients).sort()).toEqual(wanted.sort());
    for (const name of wanted) expect(some.gradients[name]!.data).toEqual(full.gradients[name]!.data);
    session.dispose();
    all.dispose();
  });

  it('names the parameter that is missing', async () => {
    const [, { spec }] = cases[0]!;
    const { 'bn1.weight': _left, ...rest } = referenceParameters(spec);
    await expect(engine.openEncoder(spec, rest, { batchNorm: 'frozen' })).rejects.toThrow('bn1.weight');
  });
});
