/**
 * Malformed calls over every name of the contract, through the process border, to a real service: each must end in a typed error,
 * and the service must live on. The same calls over the desktop program's own channels: specs/desktop/security.spec.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ERROR_CODES } from '#core/contract/errors';
import { processEntry } from '#service/process/entries';
import { superviseService } from '#service/process/supervisor';
import { malformedCalls } from '../fixtures/malformed.ts';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'ipc-fuzz',
  summary:
    'malformed calls over every name of the contract: typed errors and nothing else (--calls N, --seed N)',
  run: async ({ options, log }) => {
    const calls = Number(options['calls'] ?? 10_000);
    const malformed = malformedCalls(calls, Number(options['seed'] ?? 1));
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
    const codes: Record<string, number> = {};
    try {
      await service.whenReady();
      const startedAt = performance.now();
      for (const { name, args } of malformed) {
        const envelope = await service.call(name, args);
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
