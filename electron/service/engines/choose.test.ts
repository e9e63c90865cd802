import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listEngines, testEngine } from './choose.ts';

describe('choice of engine', () => {
  const before = process.env['LOFI_DATA'];
  const folder = mkdtempSync(join(tmpdir(), 'lofi-engines-'));
  beforeAll(() => {
    process.env['LOFI_DATA'] = folder;
  });
  afterAll(() => {
    if (before === undefined) delete process.env['LOFI_DATA'];
    else process.env['LOFI_DATA'] = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it('lists every engine, with a reason for each that does not run', async () => {
    const engines = await listEngines();
    expect(engines.map((engine) => engine.name)).toEqual(['onnx', 'tensorflow', 'webgpu', 'tfjs']);
    for (const engine of engines) {
      if (engine.available) expect(engine.device).not.toBeNull();
      else expect(engine.reason).toMatch(/\S/);
    }
    expect(engines.filter((engine) => engine.chosen)).toHaveLength(1);
  });

  it('tests the default engine against the reference and measures a step', async () => {
    const info = await testEngine('onnx');
    expect(info.selfTest).toBe('passed');
    expect(info.stepMs).toBeGreaterThan(0);
    expect((await listEngines()).find((engine) => engine.chosen)?.name).toBe('onnx');
  });
});
