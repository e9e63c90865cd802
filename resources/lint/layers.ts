/**
 * The layer table of ARCHITECTURE.md as an ESLint rule: who may import what.
 *
 * Fails closed: a package or a folder that nobody has classified is an error, so a new dependency is a decision and not an accident.
 * (The idea is Signal Desktop's `.eslint/rules/file-suffix.js`: one runtime per file, checked by machine.)
 */
import { builtinModules } from 'node:module';
import path from 'node:path';
import type { Rule } from 'eslint';

/** A room of the project: files below `folder` may import the named rooms (by prefix) and packages. */
interface Room {
  readonly folder: string;
  /** Path prefixes inside the project; the room itself is always allowed. */
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
  readonly node: boolean;
}

const ENGINE_PACKAGES = [
  'onnxruntime-node',
  'onnxruntime-common',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-webgpu',
  '@tensorflow/tfjs-node-gpu',
  'webgpu',
];

/** Most particular first: the first room whose folder holds the file is its room. */
export const ROOMS: readonly Room[] = [
  { folder: 'core', rooms: ['core'], packages: ['@tensorflow/tfjs-core', 'valibot', 'fflate'], node: false },
  { folder: 'electron/service/store', rooms: ['core'], packages: ['better-sqlite3'], node: true },
  { folder: 'electron/service/media', rooms: ['core'], packages: ['node-av'], node: true },
  { folder: 'electron/service/engines', rooms: ['core'], packages: ENGINE_PACKAGES, node: true },
  { folder: 'electron/service/process', rooms: ['core/contract'], packages: [], node: true },
  { folder: 'electron/service', rooms: ['core', 'electron/service'], packages: [], node: true },
  {
    folder: 'electron/worker',
    rooms: ['core', 'electron/service/media', 'electron/service/engines'],
    packages: [],
    node: true,
  },
  { folder: 'electron/web', rooms: ['core', 'electron/service'], packages: ['ws'], node: true },
  {
    folder: 'electron/cli',
    rooms: ['core', 'electron/service', 'electron/worker', 'electron/web', 'test/bench'],
    packages: ['commander'],
    node: true,
  },
  {
    folder: 'electron/main',
    rooms: ['core/contract', 'electron/service/process'],
    packages: ['electron', 'electron-updater'],
    node: true,
  },
  { folder: 'electron/preload', rooms: ['core/contract'], packages: ['electron'], node: false },
  {
    folder: 'renderer',
    rooms: ['core/contract', 'core/annotation', 'core/timeline', 'core/util'],
    packages: ['svelte', '@observablehq/plot'],
    node: false,
  },
  {
    folder: 'test',
    rooms: ['core', 'electron', 'renderer', 'resources', 'test'],
    packages: [
      ...ENGINE_PACKAGES,
      'vitest',
      'fast-check',
      'playwright-core',
      'axe-core',
      'better-sqlite3',
      'node-av',
      'ws',
      'eslint',
      'typescript-eslint',
      '@electron/asar',
      '@electron/fuses',
      'esbuild',
      'vite',
      'svelte',
      'valibot',
    ],
    node: true,
  },
  {
    folder: 'resources',
    rooms: ['core', 'electron', 'resources'],
    packages: [
      'esbuild',
      'vite',
      'eslint',
      '@electron/fuses',
      '@electron/asar',
      'electron-builder',
      'app-builder-lib',
    ],
    node: true,
  },
];

/** Unit tests beside their source may also use these. */
const TEST_PACKAGES = ['vitest', 'fast-check', 'jsdom', 'typescript', ...ENGINE_PACKAGES];

const ALIASES: Readonly<Record<string, string>> = {
  '#core/': 'core/',
  '#service/': 'electron/service/',
  '#worker/': 'electron/worker/',
  '#cli/': 'electron/cli/',
  '#web/': 'electron/web/',
  '#bench/': 'test/bench/',
};

const within = (file: string, folder: string): boolean => file === folder || file.startsWith(`${folder}/`);

/** `@scope/name/part` → `@scope/name`. */
function packageName(source: string): string {
  const parts = source.split('/');
  return source.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? source);
}

/**
 * Says why a file may not import a source; null when it may.
 *
 * @param file path of the importing file from the project's root, with forward slashes
 * @param source the text between the quotes
 */
export function whyNot(file: string, source: string): string | null {
  if (/\.config\.(ts|mjs)$/.test(file)) return null; // settings of tools, not part of the program
  const room = ROOMS.find((candidate) => within(file, candidate.folder));
  if (room === undefined) {
    return /^[^/]+\.config\.(ts|mjs)$/.test(file)
      ? null
      : `${file} lies in no room of the layer table (resources/lint/layers.ts).`;
  }
  const isTest = /\.test\.ts$/.test(file);
  const clean = source.replace(/\?.*$/, '');
  if (clean.startsWith('node:') || builtinModules.includes(clean)) {
    return room.node || isTest ? null : `${room.folder} is free of Node: it may not import ${source}.`;
  }
  let target: string | null = null;
  const alias = Object.keys(ALIASES).find((key) => clean.startsWith(key));
  if (alias !== undefined) target = `${ALIASES[alias] ?? ''}${clean.slice(alias.length)}`;
  else if (clean.startsWith('.')) {
    target = path.posix.normalize(path.posix.join(path.posix.dirname(file), clean));
    const freeOfAliases = ['renderer', 'test', 'resources'].includes(room.folder);
    if (clean.startsWith('..') && !freeOfAliases)
      return `Use an alias (#core/…, #service/…) instead of ${source}.`;
  }
  if (target !== null) {
    if (within(target, room.folder) || room.rooms.some((allowed) => within(target, allowed)) || isTest)
      return null;
    if (!target.includes('/') && room.node) return null; // package.json and the like at the root
    return `${room.folder} may not import ${target}: the layer table allows ${room.rooms.join(', ') || 'nothing else'}.`;
  }
  const name = packageName(clean);
  if (room.packages.includes(name) || (isTest && TEST_PACKAGES.includes(name))) return null;
  const known = ROOMS.some((other) => other.packages.includes(name));
  return known
    ? `${room.folder} may not import the package ${name}.`
    : `Nobody has classified the package ${name}: add it to a room in resources/lint/layers.ts.`;
}

/** The ESLint rule. */
export const layersRule: Rule.RuleModule = {
  meta: { type: 'problem', schema: [], messages: { layer: '{{reason}}' } },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const check = (node: Rule.Node, source: unknown): void => {
      if (typeof source !== 'string') return;
      const reason = whyNot(file, source);
      if (reason !== null) context.report({ node, messageId: 'layer', data: { reason } });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ImportExpression: (node) => check(node, node.source.type === 'Literal' ? node.source.value : undefined),
    };
  },
};
