import { describe, expect, it } from 'vitest';
import { ENCODERS } from '#core/model/encoder/catalogue';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { referenceFrames, referenceParameters } from '#service/engines/selftest/inputs';
import { openOnnxEncoder } from './encoderSession.ts';

const SPEC: EncoderSpec = {
  ...ENCODERS.small,
  blocks: [1, 1, 1],
  widths: [16, 256, 256],
  featureChannels: 256,
};
const PARAMETERS = referenceParameters(SPEC);
const WEIGHT = 'layer3.0.conv2.weight';

describe('features with parameters that stay', () => {
  // The last two stages have images of 12×5 and 6×3, 8×8 and 4×4, 4×4 and 2×2: tiles that stick out, tiles that fit, too small for tiles.
  it.each([
    [46, 20],
    [32, 32],
    [16, 16],
  ])('are those of direct convolutions, which are held against PyTorch: %i×%i', async (height, width) => {
    const frames = referenceFrames([2, 8, height, width]);
    const [direct, transformed] = await Promise.all(
      [false, true].map(async (constantParameters) => {
        const session = await openOnnxEncoder(SPEC, PARAMETERS, { batchNorm: 'frozen', constantParameters });
        const features = await session.features(frames);
        session.dispose();
        return features;
      }),
    );
    const peak = direct!.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    const difference = direct!.reduce(
      (largest, value, i) => Math.max(largest, Math.abs(value - transformed![i]!)),
      0,
    );
    expect(peak).toBeGreaterThan(0);
    expect(difference / peak).toBeLessThan(1e-5);
  });

  it('follow new parameters', async () => {
    const frames = referenceFrames([1, 8, 32, 32]);
    const session = await openOnnxEncoder(SPEC, PARAMETERS, {
      batchNorm: 'frozen',
      constantParameters: true,
    });
    const before = await session.features(frames);
    const { shape, data } = PARAMETERS[WEIGHT]!;
    session.setParameters({ ...PARAMETERS, [WEIGHT]: { shape, data: data.map((value) => -value) } });
    const after = await session.features(frames);
    session.dispose();
    expect(after).not.toEqual(before);
  });
});
