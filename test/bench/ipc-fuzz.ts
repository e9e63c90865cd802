/**
 * Malformed calls over every name of the contract, through the process border, to a real service: each must end in a typed error (or, for calls that take
 * no arguments, an answer), and the service must live on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ERROR_CODES } from '#core/contract/errors';
import { INVOKE_NAMES } from '#core/contract/invoke';
import { createRandom } from '#core/util/random';
import { processEntry } from '#service/process/entries';
import { superviseService } from '#service/process/supervisor';
import type { Benchmark } from './benchmark.ts';

type Draw = (below: number) => number;

const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  '\0',
  '../../etc/passwd',
  '"; DROP TABLE videos; --',
  'x'.repeat(5000),
  [],
  {},
  { type: 'add-segments' },
  { __proto__: { polluted: true } },
];
const KEYS = [
  'id',
  'dir',
  'path',
  'paths',
  'edit',
  'videoId',
  'ids',
  'limit',
  'offset',
  'name',
  'format',
  'at',
  'kind',
];

function oddValue(draw: Draw, depth: number): unknown {
  if (depth === 0 || draw(3) > 0) return ODD[draw(ODD.length)];
  if (draw(2) === 0) return Array.from({ length: draw(4) }, () => oddValue(draw, depth - 1));
  return Object.fromEntries(
    Array.from({ length: draw(5) }, () => [KEYS[draw(KEYS.length)], oddValue(draw, depth - 1)]),
  );
}

/** Calls that would start real work with no or any arguments. */
const LEFT_OUT = new Set<string>(['project.openSample', 'engines.install', 'engines.test', 'project.create']);

export const bench: Benchmark = {
  name: 'ipc-fuzz',
  summary:
    'malformed calls over every name of the contract: typed errors and nothing else (--calls N, --seed N)',
  run: async ({ options, log }) => {
    const calls = Number(options['calls'] ?? 10_000);
    const random = createRandom(Number(options['seed'] ?? 1));
    const draw: Draw = (below) => Math.floor(random.next() * below);
    const dataDir = mkdtempSync(path.join(os.tmpdir(), 'lofi-fuzz-'));
    const deaths: string[] = [];
    const service = superviseService({
      node: process.execPath,
      entry: processEntry('service'),
      dataDir,
      shell: 'browser',
      mediaBase: '/media',
      onEvent: () => undefined,
      onLog: (line) => {
        if (line.startsWith('The service ended')) deaths.push(line);
      },
    });
    const names = INVOKE_NAMES.filter((name) => !LEFT_OUT.has(name));
    const codes: Record<string, number> = {};
    try {
      await service.whenReady();
      const startedAt = performance.now();
      for (let n = 0; n < calls; n += 1) {
        const name = n % 17 === 0 ? oddValue(draw, 0) : names[n % names.length];
        const envelope = await service.call(name, oddValue(draw, 3));
        const outcome = envelope.ok ? 'answered' : envelope.error.code;
        codes[outcome] = (codes[outcome] ?? 0) + 1;
        if (
          !envelope.ok &&
          (!ERROR_CODES.includes(envelope.error.code) || envelope.error.code === 'internal')
        ) {
          log(`${String(name)}: ${envelope.error.code} ${envelope.error.message.slice(0, 200)}`);
        }
      }
      const ms = performance.now() - startedAt;
      return {
        calls,
        outcomes: codes,
        deaths: deaths.length,
        callsPerSecond: Math.round((calls / ms) * 1000),
      };
    } finally {
      await service.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};
