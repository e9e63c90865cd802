/**
 * The command line from outside: exit codes, one JSON document on standard output, and one clear line for bad input.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeVideo } from '#service/media/encode';

const folder = mkdtempSync(path.join(tmpdir(), 'lofi-cli-'));
const inFolder = (name: string): string => path.join(folder, name);

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly words: string;
}

function run(...args: readonly string[]): Outcome {
  const done = spawnSync(process.execPath, ['electron/cli/index.ts', ...args], {
    encoding: 'utf8',
    env: { ...process.env, LOFI_DATA_DIR: inFolder('data') },
    timeout: 60_000,
  });
  return { code: done.status, out: done.stdout, words: done.stderr };
}

async function makeVideo(name: string, count: number): Promise<string> {
  const file = inFolder(name);
  const width = 64;
  const frames = Array.from({ length: count }, (_, i) => new Uint8Array(width * width * 3).fill(i * 7));
  await writeVideo(file, frames, { width, height: width, fps: { num: 10, den: 1 } });
  return file;
}

beforeAll(async () => {
  await makeVideo('clip.mp4', 20);
  await makeVideo('one-frame.mp4', 1);
  writeFileSync(inFolder('text.mp4'), 'This is not a video.');
  const segment = { label: 'wave', segment: [0, 1] };
  const database = { clip: { duration: 2, subset: 'validation', annotations: [segment] } };
  writeFileSync(inFolder('truth.json'), JSON.stringify({ version: '', taxonomy: [], database }));
  const results = { 'other-clip': [{ ...segment, score: 1 }] };
  writeFileSync(inFolder('found.json'), JSON.stringify({ version: '', results, external_data: {} }));
  expect(run('project', 'create', inFolder('project')).code).toBe(0);
  expect(run('project', 'add', inFolder('project'), inFolder('clip.mp4')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('command line', () => {
  it('prints exactly one JSON document', () => {
    const { code, out } = run('probe', inFolder('clip.mp4'), '--json', '--pts');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({ frameCount: 20, width: 64, height: 64, isVfr: false });
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['dance']],
    ['an unknown option', ['probe', 'x.mp4', '--loud']],
    ['a missing argument', ['probe']],
    ['a frame that is no number', ['frame', 'x.mp4', '--index', 'two', '--out', 'x.png']],
    ['an unknown engine', ['train', 'somewhere', '--engine', 'abacus']],
    ['an unknown benchmark', ['bench', 'nothing']],
  ])('exits 2 for %s', (_what, args) => {
    const { code, out, words } = run(...args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(words).not.toMatch(/at .*\.ts:\d+/);
  });

  it('tells its commands, each with a line of what it does', () => {
    const { code, out } = run('--help');
    expect(code).toBe(0);
    for (const command of ['demo', 'train', 'evaluate-proposals', 'serve'])
      expect(out).toMatch(new RegExp(`^ +${command} .*\\w{3}`, 'm'));
  });

  it('refuses a demo on an engine that is not there before it writes anything', () => {
    const { code, words } = run('demo', '--quick', '--engine', 'tensorflow', '--out', inFolder('demo'));
    expect(code).toBe(4);
    expect(words.trim().split('\n')).toHaveLength(1);
    expect(words).toContain('engine install tensorflow');
    expect(existsSync(inFolder('demo'))).toBe(false);
  });

  it('says that a frame does not exist, as wrong usage', () => {
    const { code, words } = run('frame', inFolder('clip.mp4'), '--index', '20', '--out', inFolder('x.png'));
    expect(code).toBe(2);
    expect(words).toContain('clip.mp4');
    expect(words).toContain('0 to 19');
  });

  it.each([
    ['a missing file', ['probe', inFolder('missing.mp4')], 'missing.mp4'],
    ['text named .mp4', ['probe', inFolder('text.mp4')], 'text.mp4'],
    ['a project that is none', ['project', 'info', inFolder('nowhere'), '--json'], 'nowhere'],
    ['a project without labels', ['train', inFolder('project')], 'labels'],
    ['a project without a model', ['predict', inFolder('project')], 'model'],
    [
      'a configuration that is missing',
      ['train', inFolder('project'), '--config', inFolder('none.json')],
      'none.json',
    ],
    [
      'a configuration that is not JSON',
      ['train', inFolder('project'), '--config', inFolder('text.mp4')],
      'text.mp4: it is not JSON',
    ],
    [
      'a picture that cannot be written',
      ['frame', inFolder('clip.mp4'), '--index', '0', '--out', inFolder('text.mp4/x.png')],
      'x.png',
    ],
    [
      'predictions of other videos',
      [
        'evaluate',
        ...['--ground-truth', inFolder('truth.json'), '--predictions', inFolder('found.json')],
        ...['--protocol', 'activitynet'],
      ],
      'other-clip',
    ],
  ])('exits 3 and names the file for %s', (_what, args, named) => {
    const { code, out, words } = run(...args);
    expect(code).toBe(3);
    expect(out).toBe('');
    expect(words.trim().split('\n')).toHaveLength(1);
    expect(words).toContain(named);
  });

  it('names a setting that a configuration gets wrong', () => {
    const file = inFolder('wrong.json');
    writeFileSync(file, JSON.stringify({ lofi: { epoch: 3 } }));
    const { code, words } = run('train', inFolder('project'), '--config', file);
    expect(code).toBe(3);
    expect(words).toContain('wrong.json');
    expect(words).toContain('lofi.epoch');
  });

  it('reads a video of one frame, and refuses it in a project, where nothing could start or end in it', () => {
    const { code, out } = run('probe', inFolder('one-frame.mp4'), '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ frameCount: 1 });
    const refused = run('project', 'add', inFolder('project'), inFolder('one-frame.mp4'));
    expect(refused.code).toBe(3);
    expect(refused.words.trim()).toContain('one-frame.mp4 is a single picture');
  });

  it('warns of labels outside the video, and keeps what can be kept when asked to repair', () => {
    const labels = inFolder('labels.json');
    const annotations = [
      { segment: [0.2, 0.9], label: 'wave' },
      { segment: [1.5, 9], label: 'wave' },
      { segment: [30, 40], label: 'wave' },
    ];
    const database = { clip: { duration: 2, subset: 'training', annotations } };
    writeFileSync(labels, JSON.stringify({ version: 'VERSION 1.3', taxonomy: [], database }));
    const args = [
      'import',
      inFolder('project'),
      labels,
      '--format',
      'activitynet',
      '--report',
      inFolder('report.json'),
    ];
    const stopped = run(...args, '--policy', 'stop');
    expect(stopped.code).toBe(3);
    expect(stopped.words).toContain('labels.json');
    const repaired = run(...args, '--policy', 'repair');
    expect(repaired.code).toBe(0);
    const info = JSON.parse(run('project', 'info', inFolder('project'), '--json').out) as {
      segmentCount: number;
    };
    expect(info.segmentCount).toBe(2);
  });

  it('refuses a project of a newer version and leaves it as it is', () => {
    run('project', 'create', inFolder('newer'));
    const file = path.join(inFolder('newer'), 'project.sqlite');
    const database = new Database(file);
    database.pragma('user_version = 99990');
    database.close();
    const { code, words } = run('project', 'info', inFolder('newer'), '--json');
    expect(code).toBe(3);
    expect(words).toMatch(/newer/i);
    const again = new Database(file, { readonly: true });
    expect(again.pragma('user_version', { simple: true })).toBe(99990);
    again.close();
  });
});
