/**
 * An esbuild plugin: source files that find things beside themselves (`import.meta.dirname`) go on finding them when they are bundled.
 *
 * Each use becomes the path that the source file has below the program's root, counted from the bundle: dist/NAME/index.mjs is two folders below that
 * root, in a checkout and in the packed program alike.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Loader, Plugin } from 'esbuild';

/** @param root of the checkout @param entry the bundle's entry file: the only one that is the main module */
export function keepSourceFolders(root: string, entry: string): Plugin {
  return {
    name: 'keep-source-folders',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
        const text = await readFile(file, 'utf8');
        if (!/import\.meta\.(dirname|url|main)/.test(text)) return undefined;
        const below = path.relative(root, file).split(path.sep).join('/');
        const folder = path.posix.dirname(below);
        const contents = text
          .replaceAll('import.meta.dirname', `__fromRoot(${JSON.stringify(folder)})`)
          .replaceAll('import.meta.url', `__urlFromRoot(${JSON.stringify(below)})`)
          .replaceAll('import.meta.main', String(file === entry));
        return { contents, loader: 'ts' satisfies Loader };
      });
    },
  };
}

/** Stands at the head of each bundle: `require` for packages that expect it, and the two functions that the plugin calls. */
export const BUNDLE_HEAD = `
import { createRequire as __createRequire } from 'node:module';
import { fileURLToPath as __fileURLToPath, pathToFileURL as __pathToFileURL } from 'node:url';
import __path from 'node:path';
const require = __createRequire(import.meta.url);
const __root = __path.resolve(__path.dirname(__fileURLToPath(import.meta.url)), '../..');
const __fromRoot = (below) => __path.join(__root, ...below.split('/'));
const __urlFromRoot = (below) => __pathToFileURL(__fromRoot(below)).href;
`.trim();
