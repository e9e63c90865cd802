/** The commands that need no project, on files made here. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAnchorFree } from '#core/model/detectors/anchorFree';
import { anchorFreeConfig, gtadConfig } from '#core/model/detectors/config';
import { createGtad } from '#core/model/detectors/gtad';
import { ENCODERS } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { readNpy, writeNpy } from '#core/model/weights/npy';
import { writeSafetensors } from '#core/model/weights/safetensors';
import type { StoredTensors } from '#core/model/weights/storedTensor';
import { fromTensorMap } from '#core/model/weights/storedTensor';
import { writeTorchFile } from '#core/model/weights/torchWriter';
import { packMaps } from '#core/train/packing';
import { runConvert } from './convert.ts';
import { runDiagnose } from './diagnose.ts';
import { runEncode } from './encode.ts';
import { runEvaluate } from './evaluate.ts';
import { runEvaluateProposals } from './evaluateProposals.ts';
import { runLocalize } from './localize.ts';
import { runConvertModel, runInspect } from './model.ts';

let folder = '';
const at = (name: string): string => path.join(folder, name);
const silent = { progress: (): void => undefined, signal: new AbortController().signal };
const encodeOptions = { stride: '8', engine: 'onnx' } as const;
const renamed = (tensors: StoredTensors, prefix: string): StoredTensors =>
  new Map([...tensors].map(([name, tensor]) => [`${prefix}${name}`, tensor]));

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
  await writeFile(
    at('tsm.pth.tar'),
    writeTorchFile(
      new Map<string, number | StoredTensors>([
        ['epoch', 3],
        ['state_dict', renamed(fromTensorMap(initialiseEncoder(ENCODERS.small, 5)), 'module.base_model.')],
      ]),
    ),
  );
  const head = createGtad(
    gtadConfig({ inChannels: 32, numClasses: 0, hidden1d: 64, hidden3d: 32, hidden2d: 16 }),
  ).initialise(1);
  await writeFile(
    at('gtad.pth.tar'),
    writeTorchFile(
      new Map<string, number | StoredTensors>([
        ['epoch', 9],
        ['state_dict', renamed(fromTensorMap(head), 'module.')],
      ]),
    ),
  );
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
  const config = anchorFreeConfig({ inChannels: 128, numClasses: 2, width: 16, levels: 3 });

  beforeAll(async () => {
    const parameters = packMaps({
      encoder: initialiseEncoder(ENCODERS.small, 5),
      head: createAnchorFree(config).initialise(1),
    });
    await mkdir(at('localiser'));
    await writeFile(at('localiser/weights.safetensors'), writeSafetensors(fromTensorMap(parameters)));
    await writeFile(
      at('localiser/model.json'),
      JSON.stringify({
        version: 1,
        kind: 'localiser',
        spec: ENCODERS.small,
        detector: config,
        labels: ['jump', 'run'],
      }),
    );
    await writeFile(
      at('wide.npy'),
      writeNpy(
        [8, 128],
        Float32Array.from({ length: 8 * 128 }, (_, index) => Math.cos(index)),
      ),
    );
  });

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

describe('localize', () => {
  const features = (change: (values: Float32Array) => void = () => undefined): Uint8Array => {
    const values = Float32Array.from({ length: 24 * 32 }, (_, index) => Math.sin(index * 0.37));
    change(values);
    return writeNpy([24, 32], values);
  };
  const run = (name: string, raw?: string) =>
    runLocalize({
      features: at(name),
      detector: at('gtad.pth.tar'),
      duration: '48',
      out: at('segments.json'),
      engine: 'onnx',
      raw,
    });

  it('writes detections in seconds, and the raw maps', async () => {
    await writeFile(at('clip.npy'), features());
    const result = await run('clip.npy', at('raw'));
    expect(result.detections).toBeGreaterThan(0);
    const { results } = JSON.parse(await readFile(at('segments.json'), 'utf8')) as {
      results: { clip: { segment: [number, number]; score: number }[] };
    };
    for (const { segment, score } of results.clip) {
      expect(segment[0]).toBeGreaterThanOrEqual(0);
      expect(segment[1]).toBeLessThanOrEqual(48);
      expect(segment[0] % 2).toBeCloseTo(0, 9);
      expect(score).toBeGreaterThan(0);
    }
    expect(readNpy(new Uint8Array(await readFile(at('raw/confidence.npy'))), 'c').shape).toEqual([2, 24, 24]);
  });

  it('labels proposals by the scores of the whole video, best two classes each', async () => {
    await writeFile(at('scores.json'), '{"jump": 0.5, "run": 0.9, "sit": 0.1}');
    await writeFile(at('clip.npy'), features());
    const plain = await run('clip.npy');
    const proposals = JSON.parse(await readFile(at('segments.json'), 'utf8')) as {
      results: { clip: { score: number }[] };
    };
    const options = {
      features: at('clip.npy'),
      detector: at('gtad.pth.tar'),
      duration: '48',
      out: at('labelled.json'),
      engine: 'onnx',
    };
    const labelled = await runLocalize({ ...options, videoScores: at('scores.json') });
    expect(labelled.detections).toBe(2 * plain.detections);
    const { results } = JSON.parse(await readFile(at('labelled.json'), 'utf8')) as {
      results: { clip: { label: string; score: number }[] };
    };
    expect(new Set(results.clip.map((each) => each.label))).toEqual(new Set(['jump', 'run']));
    expect(results.clip[0]).toMatchObject({ label: 'run', score: proposals.results.clip[0]!.score * 0.9 });
    await writeFile(at('scores.json'), '{"jump": 5}');
    await expect(runLocalize({ ...options, videoScores: at('scores.json') })).rejects.toThrow(
      /scores\.json.*0 to 1/,
    );
  });

  it('labels proposals of a localiser with classes of its own by scores of whole videos as well', async () => {
    const config = gtadConfig({ inChannels: 32, numClasses: 2, hidden1d: 64, hidden3d: 32, hidden2d: 16 });
    const head = packMaps({ encoder: {}, head: createGtad(config).initialise(1) });
    await mkdir(at('gtad'));
    await writeFile(at('gtad/weights.safetensors'), writeSafetensors(fromTensorMap(head)));
    const card = {
      version: 1,
      kind: 'localiser',
      spec: ENCODERS.small,
      detector: config,
      labels: ['a', 'b'],
    };
    await writeFile(at('gtad/model.json'), JSON.stringify({ ...card, sampling: { snippets: 16 } }));
    const labelsOf = async (videoScores?: string): Promise<Set<string>> => {
      await runLocalize({
        features: at('v_clip.npy'),
        detector: at('gtad'),
        out: at('own.json'),
        engine: 'onnx',
        videoScores,
      });
      const { results } = JSON.parse(await readFile(at('own.json'), 'utf8')) as {
        results: Record<string, { label: string }[]>;
      };
      return new Set(Object.values(results)[0]!.map((each) => each.label));
    };
    await writeFile(at('v_clip.npy'), features());
    expect(await labelsOf()).toEqual(new Set(['a', 'b']));
    await writeFile(
      at('cuhk.json'),
      JSON.stringify({ class: ['jump', 'run', 'sit'], results: { clip: [0.5, 0.1, 0.9] } }),
    );
    expect(await labelsOf(at('cuhk.json'))).toEqual(new Set(['jump', 'sit']));
    await expect(
      runLocalize({
        features: at('wide.npy'),
        detector: at('localiser'),
        out: at('own.json'),
        engine: 'onnx',
        videoScores: at('cuhk.json'),
      }),
    ).rejects.toThrow(/judges its labels itself/);
  });

  it('refuses features with values that are not numbers, naming the place, and writes nothing', async () => {
    await writeFile(
      at('broken.npy'),
      features((values) => values.fill(Number.NaN, 70, 71)),
    );
    await writeFile(at('segments.json'), 'as it was');
    await expect(run('broken.npy')).rejects.toThrow(/broken\.npy: the value at \[2, 6\] is not a number/);
    expect(await readFile(at('segments.json'), 'utf8')).toBe('as it was');
  });

  it.each([
    ['an encoder', 'tsm.pth.tar', 'clip.npy', /tsm\.pth\.tar is no head/],
    ['a pickle that would run code', '../runs-code.pth', 'clip.npy', /would run code/],
    ['features of another encoder', 'gtad.pth.tar', 'wide.npy', /shape \[8, 128\]; the head takes \[T, 32\]/],
  ])('refuses %s and writes nothing', async (_, detector, file, message) => {
    await writeFile(at('clip.npy'), features());
    await writeFile(at('segments.json'), 'as it was');
    const source = detector.startsWith('../')
      ? path.resolve(import.meta.dirname, '../../../test/golden/weights', path.basename(detector))
      : at(detector);
    const options = { features: at(file), detector: source, out: at('segments.json'), engine: 'onnx' };
    await expect(runLocalize(options)).rejects.toThrow(message);
    expect(await readFile(at('segments.json'), 'utf8')).toBe('as it was');
  });
});
