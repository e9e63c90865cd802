/** What an encoder on ONNX Runtime holds: the same after every call, and nothing after it was given up. */
import v8 from 'node:v8';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import { releaseTensors } from '#core/compute/hostTensor';
import { ENCODERS } from '#core/model/encoder/catalogue';
import {
  referenceFeatureGradients,
  referenceFrames,
  referenceParameters,
} from '#service/engines/selftest/inputs';
import { openOnnxEncoder } from './encoderSession.ts';
import { openGraphCount } from './runtime.ts';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** Bytes of all arrays of numbers that are alive. */
async function liveBytes(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().arrayBuffers;
}

describe('memory of an encoder on ONNX Runtime', () => {
  it.each([
    ['frozen', false],
    ['frozen', true],
    ['trained', false],
  ] as const)('%s batch norm, constant parameters %s', async (batchNorm, constantParameters) => {
    const spec = ENCODERS.small;
    const parameters = referenceParameters(spec);
    const frames = referenceFrames([3, 8, 32, 32]);
    const dFeatures = referenceFeatureGradients(3, spec.featureChannels);
    const graphs = openGraphCount();
    const session = await openOnnxEncoder(spec, parameters, { batchNorm, constantParameters });
    const use = async (): Promise<void> => {
      await session.features(frames);
      releaseTensors((await session.gradients(frames, dFeatures)).gradients);
      releaseTensors((await session.step(frames, () => Promise.resolve(dFeatures))).gradients);
    };
    await use();
    const [held, open] = [await liveBytes(), openGraphCount()];
    expect(open).toBeGreaterThan(graphs);
    for (let i = 0; i < 3; i += 1) await use();
    expect(openGraphCount()).toBe(open);
    expect((await liveBytes()) - held).toBeLessThanOrEqual(0);
    session.dispose();
    await expect.poll(openGraphCount).toBe(graphs);
  });
});
