/**
 * How the end-to-end specs run: one file after the other (they share the machine's two cores with real trainings), real time limits.
 */
import type { ViteUserConfig } from 'vitest/config';

/** @param include which specs @param shell the shell that they run in */
export function endToEnd(include: readonly string[], shell: 'browser' | 'desktop'): ViteUserConfig {
  return {
    test: {
      root: import.meta.dirname,
      include: [...include],
      setupFiles: ['fixtures/folders.ts'],
      fileParallelism: false,
      maxWorkers: 1,
      pool: 'forks',
      testTimeout: 120_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 15_000 } },
      env: { LOFI_SHELL: shell },
    },
  };
}
