/** The commands that need no project, on files made here. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNpy, writeNpy } from '#core/model/weights/npy';
import { runConvert } from './convert.ts';
import { runDiagnose } from './diagnose.ts';
import { runEncode } from './encode.ts';
import { runEvaluate } from './evaluate.ts';
import { runEvaluateProposals } from './evaluateProposals.ts';
import { writeCheckpoints, writeLocaliser } from './headlessFixture.ts';
import { runLocalize } from './localize.ts';
import { runConvertModel, runInspect } from './model.ts';

let folder = '';
const at = (name: string): string => path.join(folder, name);
const silent = { progress: (): void => undefined, signal: new AbortController().signal };
const encodeOptions = { stride: '8', engine: 'onnx' } as const;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headless-'));
  const annotations = [
    { segment: ['1.0', 4], label: 'jump' },
    { segment: [10, 12], label: 'run' },
  ];
  const database = {
    a: { duration: 20, subset: 'validation', annotations },
    b: { subset: 'training', annotations: [] },
  };
  await writeFile(at('truth.json'), JSON.stringify({ database }));
  const results = {
    a: [
      { segment: [1, 4], label: 'jump', score: 0.9 },
      { segment: [10.2, 12], label: 'run', score: 0.8 },
    ],
    z: [{ segment: [0, 1], label: 'fly', score: 1 }],
  };
  await writeFile(at('found.json'), JSON.stringify({ version: 'VERSION 1.3', results, external_data: {} }));
  await writeCheckpoints(folder);
  await writeFile(
    at('frames.npy'),
    writeNpy(
      [2, 8, 32, 32, 3],
      Uint8Array.from({ length: 2 * 8 * 32 * 32 * 3 }, (_, index) => (index * 7919) % 251),
    ),
  );
});

afterAll(() => rm(folder, { recursive: true }));

describe('evaluation', () => {
  const files = () => ({ groundTruth: at('truth.json'), predictions: at('found.json') });

  it('gives mAP by protocol, and says which labels do not count', async () => {
    const words: string[] = [];
    const result = await runEvaluate({ ...files(), protocol: 'activitynet', subset: 'validation' }, (text) =>
      words.push(text),
    );
    expect(result).toMatchObject({
      protocol: 'activitynet',
      map: { '0.50': 1, '0.95': 0.5 },
      ap: { run: { '0.90': 1, '0.95': 0 } },
    });
    expect(words).toEqual(['Labels that the ground truth lacks do not count: fly.']);
  });

  it('takes custom thresholds', async () => {
    const result = await runEvaluate(
      { ...files(), protocol: 'custom', tiou: '0.3:0.7:0.2' },
      () => undefined,
    );
    expect(Object.keys(result.map)).toEqual(['0.30', '0.50', '0.70']);
  });

  it.each([
    ['subset', { subset: 'testing' }, /no segments in subset “testing”.*validation, training/],
    ['protocol', { protocol: 'coco' }, /no protocol “coco”/],
    ['kind', { groundTruth: 'found.json' }, /found\.json holds no ground truth/],
    ['file', { predictions: 'none.json' }, /no file .*none\.json/],
  ])('says what is wrong: %s', async (_, change, message) => {
    const named = Object.fromEntries(
      Object.entries(change).map(([key, value]) => [key, value.endsWith('.json') ? at(value) : value]),
    );
    await expect(
      runEvaluate({ ...files(), protocol: 'activitynet', ...named }, () => undefined),
    ).rejects.toThrow(message);
  });

  it('refuses a segment that is longer than its video, and only tells of one that ends behind it', async () => {
    const truth = (segment: readonly number[]): string =>
      JSON.stringify({
        database: { a: { duration: 20, subset: 'validation', annotations: [{ segment, label: 'jump' }] } },
      });
    const run = (): Promise<unknown> =>
      runEvaluate(
        { groundTruth: at('times.json'), predictions: at('found.json'), protocol: 'activitynet' },
        (text) => void told.push(text),
      );
    const told: string[] = [];
    await writeFile(at('times.json'), truth([1000, 4000]));
    await expect(run()).rejects.toThrow(
      /times\.json: the segment 1000–4000 s \(“jump”\) is longer than its video a \(20 s\)/,
    );
    await writeFile(at('times.json'), truth([15, 22]));
    await run();
    expect(told.join(' ')).toMatch(/ends behind the video \(20 s\)/);
  });

  it('measures a single label', async () => {
    const annotations = [{ segment: [1, 4], label: 'jump' }];
    await writeFile(
      at('one.json'),
      JSON.stringify({ database: { a: { subset: 'validation', annotations } } }),
    );
    const { averageMap } = await runEvaluate(
      { groundTruth: at('one.json'), predictions: at('found.json'), protocol: 'activitynet' },
      () => undefined,
    );
    expect(averageMap).toBe(1);
  });

  it('gives AR@AN and DETAD', async () => {
    expect(
      (await runEvaluateProposals({ groundTruth: at('truth.json'), proposals: at('found.json') })).arAt[
        '100'
      ],
    ).toBeCloseTo(0.95, 12);
    const report = await runDiagnose({ ...files(), protocol: 'thumos14' });
    expect(report.profile['0.50']).toHaveLength(10);
    expect(report).toMatchObject({ missed: { all: 0 }, boundaryOffsets: { start: { count: 2 } } });
    expect(report.confidence.averageMap.high).toBe(1);
  });
});

describe('convert', () => {
  it('goes to a folder and back, with a report', async () => {
    const to = {
      from: 'activitynet',
      to: 'thumos14',
      out: at('thumos'),
      policy: 'stop',
      report: at('report.json'),
    };
    expect(await runConvert(at('truth.json'), to)).toMatchObject({ videos: 2, segments: 2 });
    expect((await readdir(at('thumos'))).sort()).toEqual(['jump_val.txt', 'run_val.txt']);
    expect(JSON.parse(await readFile(at('report.json'), 'utf8'))).toMatchObject({
      warnings: [{ kind: 'empty-video', where: 'b' }],
    });
    await runConvert(at('thumos'), { from: 'thumos14', to: 'csv', out: at('back.csv'), policy: 'stop' });
    expect(await readFile(at('back.csv'), 'utf8')).toBe(
      'video,label,start,end,subset\na,jump,1.0,4,validation\na,run,10,12,validation\n',
    );
  });

  it('writes nothing when it stops', async () => {
    await writeFile(at('wrong.csv'), 'video,label,start,end\na,x,5,2\n');
    const options = { from: 'csv', to: 'activitynet', out: at('never.json'), policy: 'stop' };
    await expect(runConvert(at('wrong.csv'), options)).rejects.toThrow(/wrong\.csv, line 2/);
    expect(await readdir(folder)).not.toContain('never.json');
    await expect(runConvert(at('wrong.csv'), { ...options, policy: 'ask' })).rejects.toThrow(
      /no policy “ask”/,
    );
  });
});

describe('models', () => {
  it('are told: an encoder under TSM’s names', async () => {
    const report = await runInspect(at('tsm.pth.tar'));
    expect(report).toMatchObject({
      kind: 'encoder',
      source: 'tsm',
      encoder: 'small',
      complete: true,
      facts: { epoch: 3 },
      missing: [],
      unexpected: [],
    });
    expect(await runInspect(at('gtad.pth.tar'))).toMatchObject({
      kind: 'g-tad',
      variant: 'anet',
      featureChannels: 32,
      complete: true,
    });
  });

  it('give the same features as .pth, as .safetensors and as ONNX in ONNX Runtime', async () => {
    const sizes = { snippets: '2', frames: '8', side: '32' };
    await runConvertModel(at('tsm.pth.tar'), at('tsm.safetensors'), sizes);
    await runConvertModel(at('tsm.safetensors'), at('tsm.onnx'), sizes);
    const features = async (encoder: string, out: string): Promise<Float32Array> => {
      const result = await runEncode(
        { ...encodeOptions, frames: at('frames.npy'), encoder: at(encoder), out: at(out) },
        silent,
      );
      expect(result).toMatchObject({ shape: [2, 128], encoder: 'small' });
      return Float32Array.from(readNpy(new Uint8Array(await readFile(at(out))), out).data);
    };
    const first = await features('tsm.pth.tar', 'first.npy');
    expect(first.some((value) => value !== 0)).toBe(true);
    expect(await features('tsm.safetensors', 'second.npy')).toEqual(first);
    const session = await ort.InferenceSession.create(at('tsm.onnx'));
    const { data, shape } = readNpy(new Uint8Array(await readFile(at('frames.npy'))), 'frames.npy');
    const input = new ort.Tensor('uint8', data as Uint8Array, [...shape]);
    const output = (await session.run({ [session.inputNames[0]!]: input }))[session.outputNames[0]!]!;
    const exported = output.data as Float32Array;
    expect(exported).toHaveLength(first.length);
    exported.forEach((value, index) => expect(Math.abs(value - first[index]!)).toBeLessThan(1e-4));
  });

  it('say why they do not fit', async () => {
    const options = { ...encodeOptions, frames: at('frames.npy'), out: at('x.npy') };
    await expect(runEncode({ ...options, encoder: at('gtad.pth.tar') }, silent)).rejects.toThrow(
      /does not fit/,
    );
    await expect(
      runEncode({ ...options, encoder: at('tsm.pth.tar'), architecture: 'tsm-resnet18' }, silent),
    ).rejects.toThrow(/checkpoint of small/);
    await expect(runEncode({ ...options, encoder: at('truth.json') }, silent)).rejects.toThrow(
      /not a PyTorch checkpoint/,
    );
    await expect(
      runConvertModel(at('tsm.pth.tar'), at('x.bin'), { snippets: '1', frames: '8', side: '32' }),
    ).rejects.toThrow(/ending/);
  });
});

describe('a localiser of this program', () => {
  beforeAll(() => writeLocaliser(folder));

  it('is told, localises with its labels, and gives its head as ONNX', async () => {
    expect(await runInspect(at('localiser'))).toMatchObject({
      kind: 'localiser',
      source: 'studio',
      encoder: 'small',
      complete: true,
      card: { labels: ['jump', 'run'] },
    });
    const found = await runLocalize({
      features: at('wide.npy'),
      detector: at('localiser'),
      out: at('labelled.json'),
      engine: 'onnx',
    });
    expect(found).toMatchObject({ detector: 'anchor-free' });
    expect(await readFile(at('labelled.json'), 'utf8')).toMatch(/"label": "(?:jump|run)"/);
    const sizes = { snippets: '1', frames: '8', side: '32' };
    expect(
      await runConvertModel(at('localiser'), at('head.onnx'), { ...sizes, part: 'head', steps: '8' }),
    ).toMatchObject({ form: 'onnx' });
    expect((await ort.InferenceSession.create(at('head.onnx'))).outputNames).toEqual(['logits', 'offsets']);
    await expect(
      runConvertModel(at('localiser'), at('h.onnx'), { ...sizes, part: 'head', steps: '7' }),
    ).rejects.toThrow(/4 divides; got 7/);
    const gtad = await runConvertModel(at('gtad.pth.tar'), at('h.onnx'), {
      ...sizes,
      part: 'head',
      steps: '16',
    });
    expect(gtad).toMatchObject({ form: 'onnx', tensors: 64 });
  });
});
