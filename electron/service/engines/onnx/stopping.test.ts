/** Stopping threads that still owe an answer: the program that waits for it neither ends early nor fails. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi-stopping-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const urlOf = (file: string): string => pathToFileURL(path.resolve(import.meta.dirname, file)).href;

/** A program that gives up a session, lets the answers arrive for a while or not, and stops its engine. */
const program = (waitMs: number): string => `
import { openOnnxEngine } from '${urlOf('onnxEngine.ts')}';
import { ENCODERS } from '${urlOf('../../../../core/model/encoder/catalogue.ts')}';
import { referenceParameters } from '${urlOf('../selftest/inputs.ts')}';
const engine = await openOnnxEngine();
const spec = ENCODERS.small;
const session = await engine.openEncoder(spec, referenceParameters(spec), { batchNorm: 'frozen' });
session.dispose();
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${waitMs});
await engine.dispose();
console.log('stopped');
`;

describe('threads of the encoder', () => {
  it.each([0, 200])('are stopped %i ms after a session was given up', (waitMs) => {
    const file = path.join(folder, `stop-${waitMs}.ts`);
    writeFileSync(file, program(waitMs));
    const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8' });
    expect({ stdout, stderr, status }).toEqual({ stdout: 'stopped\n', stderr: '', status: 0 });
  });
});
