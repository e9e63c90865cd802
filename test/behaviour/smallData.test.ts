/**
 * Training on little: one long video of which a part was looked at, rejected predictions, nothing set aside; and the choice of the better model.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { paintFrames, planVideo } from '#core/data/footage/footage';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import type { TrainConfig } from '#core/train/config';
import { STUDIO_CONFIG } from '#core/train/defaults';
import type { JobVideo, PredictResult, TrainResult, WorkerMessage } from '#core/train/job';
import { contentHash } from '#service/media/file/contentHash';
import { decodeTensors } from '#worker/tensorFile';
import { writeVideo } from '#service/media/encode';
import { runJob } from '#worker/runJob';

// A busy machine is slow; nothing here is about time.
vi.setConfig({ testTimeout: 240_000 });

let root = '';
let long: JobVideo;
let labels: string[] = [];

const CONFIG: TrainConfig = {
  ...STUDIO_CONFIG,
  seed: 2,
  sampling: {
    snippets: 32,
    framesPerSnippet: 8,
    side: 32,
    mode: 'sliding',
    strideFrames: null,
    intervalSec: 0.5,
    spanSec: 4 / 3,
  },
  lofi: { ...STUDIO_CONFIG.lofi, epochs: 1, windowEpochs: 1, headWarmupEpochs: 1 },
  head: {
    ...STUDIO_CONFIG.head,
    epochs: 4,
    agnosticEpochs: 1,
    learningRates: [1e-3, 2e-3],
    validateEvery: 1,
    patience: 2,
  },
};

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'lofi-small-'));
  const footage = {
    ...DEFAULT_FOOTAGE,
    side: 32,
    durationSec: [90, 92],
    actionSec: [1.5, 4],
    gapSec: [1, 3],
  } as const;
  const video = planVideo(4, 'training', 0, footage, ['bounce', 'pulse']);
  const file = path.join(root, 'long.mp4');
  await writeVideo(file, paintFrames(video), { width: 32, height: 32, fps: { num: 6, den: 1 } });
  labels = [...new Set(video.segments.map((segment) => segment.label))];
  long = {
    id: 'long',
    path: file,
    contentHash: await contentHash(file),
    subset: 'training',
    segments: video.segments,
  };
});

afterAll(() => rm(root, { recursive: true, force: true }));

async function train(name: string, video: JobVideo | readonly JobVideo[], config = CONFIG) {
  const news: WorkerMessage[] = [];
  const result = (await runJob(
    {
      kind: 'train',
      jobId: name,
      config,
      labels,
      videos: [video].flat(),
      folders: { cache: path.join(root, 'cache'), output: path.join(root, name) },
      engine: 'onnx',
      resume: false,
    },
    { signal: new AbortController().signal, report: (message) => news.push(message) },
  )) as TrainResult;
  return { result, texts: news.flatMap((message) => (message.type === 'log' ? [message.text] : [])), news };
}

describe('one long video', () => {
  it('is learned in windows, measured on its last part, and predicted over its whole length', async () => {
    const { result, texts, news } = await train('whole', long);
    expect(texts[0]).toMatch(/the last part of 1 video \(\d+ segments\) was held out/);
    expect(result.models.every((model) => model.validation !== null)).toBe(true);
    expect(result.reason).toMatch(
      /^(LoFi|The frozen encoder) is kept: average mAP .* points (more|less), 80 % interval .* to /,
    );
    expect(texts).toContain(result.reason);
    const series = new Set(
      news.flatMap((message) => (message.type === 'metric' ? [message.metric.series] : [])),
    );
    for (const name of ['frozen-0.001 agnostic', 'frozen-0.002', 'lofi-0.001'])
      expect(series).toContain(name);
    const job = {
      kind: 'predict',
      jobId: 'p',
      model: path.join(root, 'whole', result.kept),
      videos: [long],
      folders: { cache: path.join(root, 'cache'), output: path.join(root, 'predict') },
      engine: 'onnx',
    } as const;
    const handle = { signal: new AbortController().signal, report: () => undefined };
    const { predictions } = (await runJob(job, handle)) as PredictResult;
    const found = predictions['long']!;
    const tenths = new Set(found.map(({ startSec, endSec }) => Math.floor((startSec + endSec) / 2 / 9)));
    for (let tenth = 0; tenth < 10; tenth += 1) expect(tenths).toContain(tenth);
  });

  it('keeps the encoder that was best on what is held out, and stops when nothing gains any more', async () => {
    const lofi = {
      ...CONFIG.lofi,
      windowEpochs: 8,
      heldOutLooks: 8,
      heldOutSegments: 1,
      patience: 1,
      // Far too high: each epoch makes the encoder worse.
      encoder: { ...CONFIG.lofi.encoder, schedule: 'constant' } as const,
      windowEncoderLearningRate: 0.3,
      augment: null,
    };
    const head = { ...CONFIG.head, epochs: 1, agnosticEpochs: 0, learningRates: [] };
    const { result, texts, news } = await train('stopping', long, { ...CONFIG, lofi, head });
    const measured = news.flatMap((message) =>
      message.type === 'metric' &&
      message.metric.series === 'stage2' &&
      message.metric.name === 'validationMap'
        ? [message.metric.value]
        : [],
    );
    // The last look gained nothing, every one before it did.
    expect(measured.length).toBeLessThan(8);
    const best = measured.length - 2;
    expect(measured[best]).toBe(Math.max(...measured));
    expect(texts.join(' ')).toContain(
      `nothing gained any more: the encoder of epoch ${1 + best + 1} is kept`,
    );
    const file = path.join(root, 'stopping', 'stage2.checkpoint');
    const saved = decodeTensors(await readFile(file), file).tensors;
    const model = path.join(root, 'stopping', 'lofi', 'weights.safetensors');
    const kept = Object.entries(decodeTensors(await readFile(model), model).tensors).filter(([name]) =>
      name.startsWith('encoder/'),
    );
    expect(kept.length).toBeGreaterThan(10);
    for (const [name, { data }] of kept) {
      expect(data).toEqual(saved[name.replace('encoder/', 'best/')]!.data);
    }
    expect(kept.every(([name, { data }]) => isDeepStrictEqual(data, saved[name]!.data))).toBe(false);
    expect(result.models.map(({ variant }) => variant)).toEqual(['frozen', 'lofi']);
  });

  it('learns from what was rejected, in time that nobody looked at too', async () => {
    const config = { ...CONFIG, tune: false, holdOut: false };
    const half = { ...long, covered: [{ startSec: 0, endSec: 45 }] };
    const segments = half.segments.filter((segment) => segment.endSec < 45);
    const rejected = [{ startSec: 60, endSec: 63, label: labels[0]! }];
    await train('plain', { ...half, segments }, config);
    await train('plain-again', { ...half, segments, rejected: [] }, config);
    await train('rejected', { ...half, segments, rejected }, config);
    const [plain, again, changed] = await Promise.all(
      ['plain', 'plain-again', 'rejected'].map((name) =>
        readFile(path.join(root, name, 'frozen', 'weights.safetensors')),
      ),
    );
    expect(plain!.equals(again!)).toBe(true);
    expect(plain!.equals(changed!)).toBe(false);
  });

  it('learns from a second video in which something was rejected and nothing else was said', async () => {
    const config = { ...CONFIG, tune: false, holdOut: false };
    const other = { ...long, id: 'other', segments: [], covered: [] };
    const rejected = [{ startSec: 60, endSec: 63, label: labels[0]! }];
    await train('beside', [long, { ...other, rejected }], config);
    await train('beside-again', [long, { ...other, rejected: [] }], config);
    const [changed, plain] = await Promise.all(
      ['beside', 'beside-again'].map((name) =>
        readFile(path.join(root, name, 'frozen', 'weights.safetensors')),
      ),
    );
    expect(plain!.equals(changed!)).toBe(false);
  });

  it('with one label and few segments trains, and says that nothing could be held out', async () => {
    const [first] = labels;
    const segments = long.segments.filter((segment) => segment.label === first).slice(0, 2);
    const { result, texts } = await train('few', { ...long, segments }, { ...CONFIG, tune: false });
    expect(texts.join(' ')).toContain('too few segments to hold some out');
    expect(result.models[0]!.validation).toBeNull();
  });
});
