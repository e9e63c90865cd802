/**
 * Engines that this machine may or may not have, against float64 PyTorch: native TensorFlow where it is installed, WebGPU where there is an
 * adapter, be it a software one. Where one is missing, a line says why.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '#service/engines/index';
import { probeEngine } from '#service/engines/probe';
import { selfTest } from '#service/engines/selftest/selfTest';

describe('optional engines', () => {
  const before = process.env['LOFI_SOFTWARE_ADAPTER'];
  beforeAll(() => {
    process.env['LOFI_SOFTWARE_ADAPTER'] = '1';
  });
  afterAll(() => {
    if (before === undefined) delete process.env['LOFI_SOFTWARE_ADAPTER'];
    else process.env['LOFI_SOFTWARE_ADAPTER'] = before;
  });

  it.each(['tensorflow', 'webgpu'] as const)(
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
});
