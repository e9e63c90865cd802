/** Size of the built page: every file as it is and as it travels compressed (gzip -9), what is loaded first and in all. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { ensureBuilt, RENDERER_DIR } from '#web/built';
import type { Benchmark } from './benchmark.ts';

export const bench: Benchmark = {
  name: 'bundle',
  summary: 'size of the built page, compressed',
  run: async ({ log }) => {
    await ensureBuilt(log, ['page']);
    const page = readFileSync(path.join(RENDERER_DIR, 'index.html'), 'utf8');
    const files = readdirSync(path.join(RENDERER_DIR, 'assets')).map((file) => {
      const bytes = readFileSync(path.join(RENDERER_DIR, 'assets', file));
      return {
        file,
        bytes: bytes.length,
        compressedBytes: gzipSync(bytes, { level: 9 }).length,
        first: page.includes(file),
      };
    });
    const sum = (list: typeof files): number =>
      list.reduce((total, { compressedBytes }) => total + compressedBytes, 0);
    return {
      compressedBytes: sum(files),
      firstCompressedBytes: sum(files.filter((one) => one.first)),
      bytes: files.reduce((total, one) => total + one.bytes, 0),
      largest: [...files].sort((a, b) => b.compressedBytes - a.compressedBytes).slice(0, 4),
    };
  },
};
