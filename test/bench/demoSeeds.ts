/**
 * `bench demo-seeds`: the full demo for several seeds (footage, stage 2 and heads all drawn anew): what the frozen encoder and LoFi reach.
 *
 * Options: `--seeds 1,2,3`, `--out FOLDER` (kept), `--quick`, `--engine NAME`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runDemo } from '#cli/demo/runDemo';
import type { DemoSummary } from '#cli/demo/runDemo';
import type { EngineName } from '#core/compute/engine';
import type { Benchmark } from './benchmark.ts';

/** Mean and standard deviation (n − 1). */
export function spread(values: readonly number[]): { readonly mean: number; readonly deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

export const bench: Benchmark = {
  name: 'demo-seeds',
  summary: 'the demo for several seeds: average mAP of the frozen encoder and of LoFi, time, memory',
  run: async ({ options, log }) => {
    const seeds = (options['seeds'] ?? '1,2,3').split(',').map(Number);
    const root = options['out'] ?? (await mkdtemp(path.join(tmpdir(), 'lofi-demo-')));
    const controller = new AbortController();
    process.once('SIGINT', () => controller.abort());
    const rows: Record<string, unknown>[] = [];
    const gains: number[] = [];
    for (const seed of seeds) {
      const out = path.join(root, `seed-${seed}`);
      const finished = await readFile(path.join(out, 'summary.json'), 'utf8').catch(() => null);
      const engine = (options['engine'] ?? 'auto') as EngineName | 'auto';
      const summary =
        finished === null
          ? await runDemo(
              { out, engine, seed, quick: options['quick'] === 'true', fromScratch: false },
              { signal: controller.signal, out: () => undefined, log, progress: () => undefined },
            )
          : (JSON.parse(finished) as DemoSummary);
      const gain = summary.lofi.averageMap - summary.frozen.averageMap;
      gains.push(gain);
      rows.push({
        seed,
        frozenAverageMap: summary.frozen.averageMap,
        lofiAverageMap: summary.lofi.averageMap,
        gain,
        seconds: summary.stages.reduce((sum, stage) => sum + stage.seconds, 0),
        peakBytes: Math.max(...summary.stages.map((stage) => stage.peakBytes)),
      });
      log(`seed ${seed}: ${JSON.stringify(rows.at(-1))}`);
    }
    if (options['out'] === undefined) await rm(root, { recursive: true, force: true });
    return { unit: 'fraction (mAP), seconds, bytes', rows, gain: spread(gains) };
  },
};
