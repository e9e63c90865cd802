import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { getRawHeader, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packForTests, startPacked } from '../../fixtures/packed.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi packed ü '));
let program = '';
const inRuntime = (...parts: string[]): string => path.join(program, 'resources/runtime', ...parts);

const NOBODY = 65_534;
/** Gives folders, and a key to the display, to a person without rights. */
function handOver(uid: number, dirs: readonly string[]): void {
  for (const dir of dirs) chownSync(dir, uid, uid);
  const key = process.env['XAUTHORITY'];
  if (key === undefined || !existsSync(key)) return;
  const own = path.join(folder, 'display-key');
  copyFileSync(key, own);
  chownSync(own, uid, uid);
  process.env['XAUTHORITY'] = own;
  // The package's folder was made for one person alone.
  for (let dir = program; dir !== path.dirname(os.tmpdir()) && dir !== '/'; dir = path.dirname(dir))
    if (dir !== os.tmpdir()) chmodSync(dir, statSync(dir).mode | 0o555);
}

/** Newest change below a folder, and its files. */
function snapshot(dir: string): ReadonlyMap<string, number> {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [file, statSync(file).mtimeMs];
    }),
  );
}

beforeAll(async () => {
  program = process.env['LOFI_PACKED_DIR'] ?? (await packForTests(path.join(folder, 'release')));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed program', () => {
  it('holds main, preload and page in its archive and no package', () => {
    const archive = path.join(program, 'resources/app.asar');
    const files = listPackage(archive, { isPack: false });
    expect(files).toEqual(
      expect.arrayContaining([
        '/dist/main/index.cjs',
        '/dist/preload/index.cjs',
        '/dist/renderer/index.html',
      ]),
    );
    expect(files.filter((file) => /node_modules|\.map$|\.ts$|\.node$/.test(file))).toEqual([]);
    expect(getRawHeader(archive).headerSize).toBeGreaterThan(0);
  });

  it('holds the Node runtime, its processes and this platform’s native files alone', () => {
    for (const needed of [
      'node/node',
      'dist/service/index.mjs',
      'dist/worker/index.mjs',
      'dist/decode/index.mjs',
      'resources/encoders',
      'THIRD-PARTY-LICENCES.txt',
      'licences/GPL-3.0.txt',
      'node_modules/better-sqlite3',
      'node_modules/node-av',
      'node_modules/onnxruntime-node',
    ]) {
      expect(existsSync(inRuntime(needed)), needed).toBe(true);
    }
    const native = [...snapshot(inRuntime('node_modules')).keys()].filter((file) =>
      /\.(node|dll|dylib|so(\.\d+)*)$/.test(file),
    );
    const own = `${process.platform}[-/]${process.arch}`;
    expect(native.length).toBeGreaterThan(3);
    expect(
      native.filter(
        (file) =>
          /(darwin|win32|linux)/.test(path.relative(folder, file).replace('linux-unpacked', '')) &&
          !new RegExp(own).test(file),
      ),
    ).toEqual([]);
    const words = readFileSync(inRuntime('THIRD-PARTY-LICENCES.txt'), 'utf8');
    for (const name of [
      'FFmpeg',
      'GNU General Public License',
      'svelte',
      'better-sqlite3',
      'onnxruntime-node',
      'Chromium',
    ]) {
      expect(words).toContain(name);
    }
    expect(existsSync(path.join(program, 'LICENSES.chromium.html'))).toBe(true);
  });

  it('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(path.join(program, 'lofi-studio'));
    // The wire holds a letter for each fuse.
    const isOn = (fuse: FuseV1Options): boolean => Number(wire[fuse]) === '1'.charCodeAt(0);
    expect({
      runAsNode: isOn(FuseV1Options.RunAsNode),
      nodeOptions: isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: isOn(FuseV1Options.EnableNodeCliInspectArguments),
      cookies: isOn(FuseV1Options.EnableCookieEncryption),
      integrity: isOn(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      onlyAsar: isOn(FuseV1Options.OnlyLoadAppFromAsar),
    }).toEqual({
      runAsNode: false,
      nodeOptions: false,
      inspect: false,
      cookies: true,
      integrity: true,
      onlyAsar: true,
    });
  });

  it('opens the sample project, plays, labels and quits, and writes nowhere but into its data folder', async () => {
    const dataDir = path.join(folder, 'data');
    const home = path.join(folder, 'home');
    mkdirSync(dataDir);
    mkdirSync(home);
    const before = snapshot(program);
    // Nothing is read-only to root: then it is started as somebody who may not write to it.
    const uid = process.getuid?.() === 0 ? NOBODY : undefined;
    execFileSync('chmod', ['-R', 'a-w', program]);
    if (uid !== undefined) handOver(uid, [folder, dataDir, home]);
    process.env['HOME'] = home;
    try {
      const { evaluate, close } = await startPacked(program, dataDir, { uid });
      const ask = <T>(name: string, args: unknown = {}): Promise<T> =>
        evaluate<T>(`studio.invoke(${JSON.stringify(name)}, ${JSON.stringify(args)})`);
      expect(await ask('project.openSample')).toMatchObject({ name: 'Sample' });
      const { items } = await ask<{ items: { id: string }[] }>('videos.list');
      expect(items.length).toBeGreaterThan(5);
      const video = items[0]?.id ?? '';
      const picture = await evaluate<{ status: number; type: string; bytes: number }>(
        `fetch('media://studio/frame/${video}/10.png').then(async (response) => ({
          status: response.status, type: response.headers.get('content-type'), bytes: (await response.blob()).size }))`,
      );
      expect(picture).toMatchObject({ status: 200, type: expect.stringMatching(/^image\//) as unknown });
      expect(picture.bytes).toBeGreaterThan(100);
      const playedSec = await evaluate<number>(`(async () => {
        const element = document.createElement('video');
        element.muted = true;
        element.src = 'media://studio/video/${video}';
        await element.play();
        await new Promise((resolve) => {
          element.ontimeupdate = () => element.currentTime > 0.3 && resolve();
        });
        element.pause();
        return element.currentTime;
      })()`);
      expect(playedSec).toBeGreaterThan(0.3);
      const label = { id: 'packed', name: 'packed', colour: '#5490f4', key: null };
      await ask('document.edit', { edit: { type: 'add-labels', labels: [label] } });
      const labels = await ask<{ name: string }[]>('labels.list');
      expect(labels.map(({ name }) => name)).toContain('packed');
      expect(await close()).toBe(0);
    } finally {
      execFileSync('chmod', ['-R', 'u+w', program]);
    }
    expect(snapshot(program)).toEqual(before);
    // Chromium's own shader cache and the like would show here.
    expect(
      [...snapshot(home).keys()].filter(
        (file) => !/\/(\.cache\/(fontconfig|mesa_shader_cache)|\.pki|\.config\/dconf)\//.test(file),
      ),
    ).toEqual([]);
  }, 240_000);

  it('has a command line', () => {
    const text = execFileSync(inRuntime('bin/lofi-studio'), ['--help'], { encoding: 'utf8' });
    expect(text).toContain('serve');
  });
});
