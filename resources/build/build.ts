/**
 * `npm run build`: the page by Vite, everything that Node and Electron run by esbuild, into dist/.
 *
 * Main and preload are CommonJS: a sandboxed preload cannot be anything else, and the Electron that the tests use knows nothing else. The service and
 * its workers are modules for the packed Node. Native packages stay outside the bundles: they are packed beside them (electron-builder.yml).
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { build as bundle, type BuildOptions } from 'esbuild';
import { build as buildPage } from 'vite';
import { NODE_ENTRIES } from './entries.ts';
import { BUNDLE_HEAD, keepSourceFolders } from './folders.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const inRoot = (...parts: string[]): string => path.join(ROOT, ...parts);

/** Packages with native parts or files of their own; everything else is bundled. */
export const EXTERNAL_PACKAGES = ['better-sqlite3', 'node-av', 'onnxruntime-node', 'webgpu', '@tensorflow/*'];

const COMMON: BuildOptions = {
  bundle: true,
  absWorkingDir: ROOT,
  logLevel: 'warning',
  legalComments: 'linked',
  sourcemap: true,
  sourcesContent: false,
};

async function buildNodeProcess(name: string, entry: string): Promise<void> {
  if (!existsSync(inRoot(entry))) {
    process.stderr.write(`build: ${entry} is not there; dist/${name} is left out\n`);
    return;
  }
  await bundle({
    ...COMMON,
    entryPoints: [inRoot(entry)],
    outfile: inRoot('dist', name, 'index.mjs'),
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: EXTERNAL_PACKAGES,
    banner: { js: BUNDLE_HEAD },
    plugins: [keepSourceFolders(ROOT, inRoot(entry))],
  });
}

/** Main and preload: CommonJS, without any package but electron outside. */
async function buildElectron(): Promise<void> {
  await bundle({
    ...COMMON,
    entryPoints: {
      'main/index': inRoot('electron/main/index.ts'),
      'preload/index': inRoot('electron/preload/index.ts'),
    },
    outdir: inRoot('dist'),
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node16',
    external: ['electron'],
  });
}

/** The browser shell's script for the page, as text. */
export async function buildWebClient(): Promise<string> {
  const { outputFiles } = await bundle({
    ...COMMON,
    sourcemap: false,
    legalComments: 'none',
    entryPoints: [inRoot('electron/web/client.ts')],
    platform: 'browser',
    format: 'iife',
    target: 'chrome108',
    minify: true,
    write: false,
    outdir: inRoot('dist/web'),
  });
  return outputFiles[0]?.text ?? '';
}

async function writeWebClient(): Promise<void> {
  await mkdir(inRoot('dist/web'), { recursive: true });
  await writeFile(inRoot('dist/web/shell.js'), await buildWebClient());
}

/** Builds everything, or the named parts: page, electron, node (service and what it starts), cli, web. */
export async function build(parts: readonly string[] = []): Promise<void> {
  const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
  const work: Promise<unknown>[] = [];
  if (wanted('web')) work.push(writeWebClient());
  if (wanted('electron')) work.push(buildElectron());
  if (wanted('node'))
    for (const [name, entry] of Object.entries(NODE_ENTRIES)) work.push(buildNodeProcess(name, entry));
  if (wanted('cli')) work.push(buildNodeProcess('cli', 'electron/cli/index.ts'));
  await Promise.all(work);
  if (wanted('page')) await buildPage({ configFile: inRoot('renderer/vite.config.ts'), logLevel: 'warn' });
}

if (import.meta.main) {
  const startedAt = performance.now();
  await build(process.argv.slice(2));
  process.stderr.write(`Built dist/ in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
}
