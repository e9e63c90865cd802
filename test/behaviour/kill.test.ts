/**
 * SIGKILL at random moments while the studio edits, trains and predicts: nothing that was acknowledged is lost. `bench kill` does 300.
 */
import fs from 'node:fs';
import { expect, it } from 'vitest';
import { killRounds } from './killRounds.ts';
import { quickFolder } from './projectFixture.ts';

it('loses nothing when it is killed fifteen times', { timeout: 400_000 }, async () => {
  const dir = quickFolder('kill');
  try {
    const report = await killRounds(dir, 15);
    expect(report.losses).toEqual([]);
    expect(report.acknowledgedEdits).toBeGreaterThanOrEqual(15);
    expect(report.trainingsResumed).toBeGreaterThan(0);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
});
