/**
 * Unit and behaviour tests: unit tests stand beside their source, behaviour suites under test/behaviour.
 * End-to-end specs (test/e2e) have their own runner, because they need a browser or Electron.
 */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  test: {
    include: [
      'core/**/*.test.ts',
      'electron/**/*.test.ts',
      'renderer/**/*.test.ts',
      'test/{behaviour,golden,lint}/**/*.test.ts',
    ],
    pool: 'forks',
    // For tests that use ONNX Runtime by itself; the program's own silence is tested without it (onnx/telemetry.test.ts).
    env: { ORT_DISABLE_TELEMETRY: '1' },
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
