import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { getRawHeader, listPackage } from '@electron/asar';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PREBUILT_BINDING } from '#service/engines/tensorflow/binding';
import { PACKED_BUNDLES } from '../../../../resources/build/entries.ts';
import { NATIVE_TENSORFLOW } from '../../../../resources/build/runtime.ts';
import { filesLeftBy, handOver, OTHER_UID } from '../../fixtures/otherPerson.ts';
import { packedProgram } from '../../fixtures/packed.ts';
import { startPacked, type PackedProgram } from '../../fixtures/packedProgram.ts';
import { remoteConnections } from '../../fixtures/processes.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'lofi packed ü '));
let program = '';
const inRuntime = (...parts: string[]): string => path.join(program, 'resources/runtime', ...parts);

const JOB_DEADLINE_MS = 200_000;
/** The smallest training that there is: the spec is about whether it runs from the package, not about what it learns. */
const SHORT_TRAINING = {
  aim: 'speed',
  expert: {
    'sampling.snippets': 16,
    'sampling.side': 48,
    'lofi.epochs': 1,
    'lofi.windowEpochs': 1,
    'lofi.headWarmupEpochs': 1,
    'head.epochs': 2,
  },
} as const;

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

/** What a person does who looks at the program for the first time. */
async function workThrough({ ask, evaluate, pid }: PackedProgram): Promise<void> {
  const untilDone = (id: string): Promise<void> =>
    vi.waitFor(
      async () => {
        const job = (await ask('jobs.list', {})).find((one) => one.id === id);
        expect(job?.error).toBeNull();
        expect(await remoteConnections(pid)).toEqual([]);
        expect(job?.state).toBe('done');
      },
      { timeout: JOB_DEADLINE_MS, interval: 200 },
    );
  expect(await ask('project.openSample', {})).toMatchObject({ name: 'Sample' });
  const { items } = await ask('videos.list', {});
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
  const id = randomUUID();
  const label = { id, name: 'packed', colour: '#5490f4', key: null };
  await ask('document.edit', { edit: { type: 'add-labels', labels: [label] } });
  const segment = { id: randomUUID(), videoId: video, labelId: id, startPts: 0, endPts: 20 };
  await ask('document.edit', { edit: { type: 'add-segments', segments: [segment] } });
  expect((await ask('document.get', { videoId: video })).segments).toContainEqual(
    expect.objectContaining(segment),
  );
  await untilDone((await ask('train.start', SHORT_TRAINING)).id);
  expect((await ask('models.list', {})).length).toBeGreaterThan(0);
  await untilDone((await ask('predict.start', { videoIds: [video] })).id);
  expect((await ask('predictions.list', { videoId: video })).length).toBeGreaterThan(0);
}

beforeAll(async () => {
  program = await packedProgram(path.join(folder, 'release'));
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
      ...PACKED_BUNDLES.map((name) => `dist/${name}`),
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
    // Native TensorFlow can be installed, or nothing of it is packed.
    const tensorflow = inRuntime('node_modules', NATIVE_TENSORFLOW);
    expect(existsSync(path.join(tensorflow, PREBUILT_BINDING))).toBe(existsSync(tensorflow));
    expect(words.includes(NATIVE_TENSORFLOW)).toBe(existsSync(tensorflow));
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

  it(
    'opens the sample project, plays, labels, trains, predicts and quits, and writes nowhere but into its own folders',
    async () => {
      const [dataDir, home, temporary] = ['data', 'home', 'temporary'].map((name) => path.join(folder, name));
      if (dataDir === undefined || home === undefined || temporary === undefined)
        throw new Error('no folders');
      for (const dir of [dataDir, home, temporary]) mkdirSync(dir);
      const before = snapshot(program);
      const startedAt = new Date();
      execFileSync('chmod', ['-R', 'a-w', program]);
      const key = handOver([folder, dataDir, home, temporary], program);
      const env = { ...key, HOME: home, TMPDIR: temporary };
      try {
        const packed = await startPacked({
          executable: path.join(program, 'lofi-studio'),
          dataDir,
          env,
          uid: OTHER_UID,
        });
        try {
          await workThrough(packed);
          expect(await packed.close()).toBe(0);
        } finally {
          packed.kill();
        }
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
      expect([...snapshot(temporary).keys()]).toEqual([]);
      expect(filesLeftBy(OTHER_UID, startedAt, folder)).toEqual([]);
    },
    2 * JOB_DEADLINE_MS,
  );

  it('has a command line', () => {
    const text = execFileSync(inRuntime('bin/lofi-studio'), ['--help'], { encoding: 'utf8' });
    expect(text).toContain('serve');
  });
});
