/**
 * From starting the desktop program to a window that can be used, and what it costs when nothing happens. Needs an Electron binary and a display.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { copyProgram, startDesktop } from '../e2e/fixtures/desktop.ts';
import { memoryBelow, processorSecondsBelow } from '../e2e/fixtures/processes.ts';
import type { Benchmark } from './benchmark.ts';

const IDLE_MS = 10_000;
export const bench: Benchmark = {
  name: 'start',
  summary: 'desktop program: start to usable window, idle memory and processor time (--runs N)',
  run: async ({ options, log }) => {
    const runs = Number(options['runs'] ?? 10);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi-bench-start-'));
    try {
      const executable = await copyProgram(path.join(folder, 'program'));
      const times: number[] = [];
      let idleBytes = 0;
      let idleShare = 0;
      for (let run = 0; run < runs; run += 1) {
        const startedAt = performance.now();
        const { app, pid } = await startDesktop({ dataDir: path.join(folder, 'data'), executable });
        const page = await app.firstWindow();
        await page.getByTestId('start-new').waitFor();
        times.push(performance.now() - startedAt);
        log(`start ${run + 1}: ${times.at(-1)?.toFixed(0) ?? ''} ms`);
        if (run === runs - 1) {
          await wait(2000);
          const before = await processorSecondsBelow(pid);
          await wait(IDLE_MS);
          idleShare = ((await processorSecondsBelow(pid)) - before) / (IDLE_MS / 1000);
          idleBytes = await memoryBelow(pid);
        }
        await app.close();
      }
      times.sort((a, b) => a - b);
      return {
        runs,
        startMs: { p50: times[Math.floor(times.length / 2)], worst: times.at(-1) },
        idleMemoryMiB: Math.round(idleBytes / 1024 ** 2),
        idleProcessorShare: idleShare,
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
