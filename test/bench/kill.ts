/**
 * Kills a working studio 300 times (`--kills N`) and counts what was lost.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRandom } from '#core/util/random';
import { killRounds } from '../behaviour/killRounds.ts';
import type { Benchmark } from './benchmark.ts';

/** `bench kill [--kills 300] [--seed 1]` */
export const bench: Benchmark = {
  name: 'kill',
  summary: 'SIGKILL at random moments while editing, training and predicting; counts losses',
  run: async (context) => {
    const { options } = context;
    const log = (text: string): void => context.log(text);
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-kill-'));
    try {
      const report = await killRounds(
        dir,
        Number(options['kills'] ?? 300),
        createRandom(Number(options['seed'] ?? 1)),
        log,
      );
      return { ...report };
    } finally {
      fs.rmSync(dir, { recursive: true, force: true });
    }
  },
};
