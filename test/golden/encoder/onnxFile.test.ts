/** Encoders as ONNX files in ONNX Runtime: against float64 PyTorch for every form, and against the plain engine for every encoder by name. */
import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComputeEngine } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { ENCODERS } from '#core/model/encoder/catalogue';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { constantFeaturesModel } from '#core/model/onnx/models';
import { openEngine } from '#service/engines/index';
import { referenceFrames, referenceParameters, type ReferenceCase } from '#service/engines/selftest/inputs';

type Shape = ReferenceCase['shape'];

const TOLERANCE = 1e-4;
const { cases } = JSON.parse(readFileSync(new URL('./reference.json', import.meta.url), 'utf8')) as {
  readonly cases: Record<string, ReferenceCase>;
};

/** Features of the exported file. */
async function exported(spec: EncoderSpec, parameters: TensorMap, shape: Shape): Promise<Float32Array> {
  const [snippets, frames, height, width] = shape;
  const layers = buildEncoderLayers({ ...spec, framesPerSnippet: frames });
  const session = await ort.InferenceSession.create(
    constantFeaturesModel(layers, { snippets, frames, height, width }, parameters),
  );
  const { data, shape: dims } = referenceFrames(shape);
  const outputs = await session.run({ [session.inputNames[0]!]: new ort.Tensor('uint8', data, dims) });
  const features = outputs[session.outputNames[0]!]!.data as Float32Array;
  await session.release();
  return features;
}

function expectSame(found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(found).toHaveLength(wanted.length);
  const peak = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(peak).toBeGreaterThan(0);
  Array.from(wanted).forEach((value, i) =>
    expect(Math.abs(found[i]! - value) / peak).toBeLessThan(TOLERANCE),
  );
}

describe('an encoder as an ONNX file', () => {
  let plain: ComputeEngine;
  beforeAll(async () => {
    plain = await openEngine('tfjs');
  });
  afterAll(() => plain.dispose());

  it.each(Object.entries(cases))('gives PyTorch’s features: %s', async (_, { spec, shape, frozen }) => {
    expectSame(await exported(spec, referenceParameters(spec), shape), frozen.features);
  });

  it.each(Object.entries(ENCODERS))(
    'gives what it gives here: %s',
    async (_, spec) => {
      const shape: Shape = [1, spec.framesPerSnippet, 32, 32];
      const parameters = referenceParameters(spec);
      const session = await plain.openEncoder(spec, parameters, { batchNorm: 'frozen' });
      const wanted = await session.features(referenceFrames(shape));
      session.dispose();
      expectSame(await exported(spec, parameters, shape), wanted);
    },
    60_000,
  );
});
