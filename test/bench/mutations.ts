/** `bench media-mutations`: ten thousand random mutations of small files, read through the isolated decoder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AWKWARD, makeAwkward } from '../fixtures/videos/awkward.ts';
import { fuzz } from '../fixtures/videos/fuzz.ts';
import { peakBytes } from '../fixtures/videos/large.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'media-mutations',
  summary: 'random damage to small files (--count, --seed)',
  run: async ({ options, log }) => {
    const folder = await mkdtemp(join(tmpdir(), 'lofi-mutations-'));
    try {
      const count = Number(options['count'] ?? 10_000);
      log(`Making ${AWKWARD.length} files`);
      const files = await makeAwkward(join(folder, 'seeds'));
      const startedAt = performance.now();
      const report = await fuzz([...files.values()], folder, count, Number(options['seed'] ?? 1), (run) =>
        log(`${run} of ${count}`),
      );
      return {
        ...report,
        files: files.size,
        seconds: (performance.now() - startedAt) / 1000,
        servicePeakBytes: peakBytes(),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
