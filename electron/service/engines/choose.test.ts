import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

  it('names an engine that fails its self-test and does not offer it', async () => {
    const file = join(folder, 'engines', 'results.json');
    const results = JSON.parse(readFileSync(file, 'utf8')) as { onnx: { passed: boolean; failure: string } };
    const failure = 'small conv1.weight: off by 5.0e-1 of its peak';
    writeFileSync(file, JSON.stringify({ onnx: { ...results.onnx, passed: false, failure } }));
    const info = (await listEngines()).find((engine) => engine.name === 'onnx');
    expect(info).toMatchObject({ available: false, selfTest: 'failed', chosen: false });
    expect(info?.reason).toContain(failure);
    expect(info?.remedy).toMatch(/test it again/);
  });
});
