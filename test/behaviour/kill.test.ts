/**
 * SIGKILL at random moments while the studio edits, trains and predicts: nothing that was acknowledged is lost. `bench kill` does 300.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { killRounds } from './killRounds.ts';

it('loses nothing when it is killed fifteen times', { timeout: 240_000 }, async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-kill-'));
  try {
    const report = await killRounds(dir, 15);
    expect(report.losses).toEqual([]);
    expect(report.acknowledgedEdits).toBeGreaterThan(50);
    expect(report.trainingsResumed).toBeGreaterThan(0);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
});
