/**
 * Engines that this machine may or may not have, against float64 PyTorch: native TensorFlow where it is installed, WebGPU where there is an
 * adapter, be it a software one. Where one is missing, a line says why.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { openEngine } from '#service/engines/index';
import { openNamedEngine } from '#service/engines/open';
import { probeEngine } from '#service/engines/probe';
import { referenceFrames } from '#service/engines/selftest/inputs';
import { selfTest } from '#service/engines/selftest/selfTest';
import { WEBGPU_WAYS } from '#service/engines/webgpu/webgpuEngine';

describe('optional engines', () => {
  const before = process.env['LOFI_SOFTWARE_ADAPTER'];
  beforeAll(() => {
    process.env['LOFI_SOFTWARE_ADAPTER'] = '1';
  });
  afterAll(() => {
    if (before === undefined) delete process.env['LOFI_SOFTWARE_ADAPTER'];
    else process.env['LOFI_SOFTWARE_ADAPTER'] = before;
  });

  it.each(['tensorflow'] as const)(
    '%s gives the features and gradients of PyTorch',
    async (name) => {
      const probe = await probeEngine(name);
      if (!probe.available) {
        console.log(`${name} is not tested here: ${probe.reason ?? 'it is not available'}`);
        return;
      }
      const engine = await openEngine(name);
      expect(await selfTest(engine)).toMatchObject({ passed: true, failure: null });
      await engine.dispose();
    },
    300_000,
  );

  it.each(WEBGPU_WAYS)(
    'webgpu gives them with its encoder on %s',
    async (way) => {
      const probe = await probeEngine('webgpu');
      if (!probe.available) {
        console.log(`webgpu is not tested here: ${probe.reason ?? 'it is not available'}`);
        return;
      }
      const engine = await openNamedEngine('webgpu', way);
      expect(await selfTest(engine)).toMatchObject({ passed: true, failure: null });
      await engine.dispose();
    },
    300_000,
  );

  it('webgpu says so when the device is lost, instead of giving zeros', async () => {
    const probe = await probeEngine('webgpu');
    if (!probe.available) {
      console.log(`webgpu is not tested here: ${probe.reason ?? 'it is not available'}`);
      return;
    }
    const engine = await openEngine('webgpu');
    const spec = encoderByName('small');
    const session = await engine.openEncoder(spec, initialiseEncoder(spec, 1), { batchNorm: 'frozen' });
    await engine.dispose();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(session.features(referenceFrames([1, 8, 16, 16]))).rejects.toMatchObject({
      code: 'engine-unavailable',
      message: expect.stringContaining('graphics device was lost') as string,
    });
  }, 60_000);
});
