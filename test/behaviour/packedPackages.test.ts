/** What is packed of each npm package, against the packages that are installed here. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isNeeded, listFiles, packageClosure, type Target } from '../../resources/build/packages.ts';
import { NATIVE_TENSORFLOW, RUNTIME_PACKAGES } from '../../resources/build/runtime.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TARGET: Target = { platform: 'linux', arch: 'x64' };
const isInstalled = existsSync(path.join(ROOT, 'node_modules', NATIVE_TENSORFLOW));

/** The file that `require(name)` loads, below the package's folder. */
function entryOf(dir: string): string {
  const { main = 'index.js' } = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as {
    readonly main?: string;
  };
  const file = ['', '.js', '/index.js']
    .map((end) => path.join(dir, `${main}${end}`))
    .find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  return file === undefined ? main : path.relative(dir, file);
}

describe('packing npm packages', () => {
  it('takes the entry of every package that is needed', () => {
    const packages = packageClosure(ROOT, RUNTIME_PACKAGES, TARGET);
    expect(packages.length).toBeGreaterThan(RUNTIME_PACKAGES.length);
    const without = packages.filter(({ name, dir }) => !isNeeded(name, entryOf(dir), TARGET));
    expect(without.map(({ name }) => name)).toEqual([]);
  });

  it.runIf(isInstalled)(
    'takes of native TensorFlow what its kernels load, and not its dead installer’s packages',
    () => {
      const packages = packageClosure(ROOT, [NATIVE_TENSORFLOW], TARGET);
      expect(packages.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['@tensorflow/tfjs', 'google-protobuf', 'long', 'seedrandom']),
      );
      expect(packages.filter(({ name }) => /pre-gyp|core-js|^tar$|yargs/.test(name))).toEqual([]);
      const { dir = '' } = packages.find(({ name }) => name === NATIVE_TENSORFLOW) ?? {};
      const files = listFiles(dir).filter((below) => isNeeded(NATIVE_TENSORFLOW, below, TARGET));
      expect(files).toContain('dist/register_all_kernels.js');
      expect(files.filter((below) => /_test|^(src|scripts|binding)\/|index\.js$/.test(below))).toEqual([]);
      // Whatever one of its files asks for beside it comes along.
      for (const below of files.filter((name) => name.endsWith('.js'))) {
        const text = readFileSync(path.join(dir, below), 'utf8');
        for (const [, asked = ''] of text.matchAll(/require\(["'](\.[^"']+)["']\)/g)) {
          const target = path.posix.join(path.posix.dirname(below), asked).replace(/(\.js)?$/, '.js');
          expect(files, `${below} asks for ${asked}`).toContain(target);
        }
      }
    },
  );
});
