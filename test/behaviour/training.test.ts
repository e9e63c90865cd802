/**
 * The whole training on real (tiny) videos: resuming equals the straight run, a seed gives the same numbers, cancel leaves a checkpoint,
 * and bad input says what and which file.
 */
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { paintFrames, planVideo } from '#core/data/footage/footage';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import { curveHeadBytes, readCurveHead } from '#core/infer/curveFile';
import { fromErrorInfo, StudioError } from '#core/contract/errors';
import type { LofiSchedule, TrainConfig } from '#core/train/config';
import { DEMO_CONFIG } from '#core/train/defaults';
import type {
  JobPreview,
  JobVideo,
  PredictResult,
  TrainJob,
  TrainResult,
  WorkerMessage,
} from '#core/train/job';
import { scoreDetections } from '#core/train/heldOut';
import { contentHash } from '#service/media/file/contentHash';
import { writeVideo } from '#service/media/encode';
import { createRandom } from '#core/util/random';
import { startWorker } from '#service/jobs/workerProcess';
import { canMount, mount, remount, unmountAll } from './mounts.ts';
import { encoderFolder, loadEncoder, saveEncoder } from '#worker/modelFolder';
import { runJob } from '#worker/runJob';

/** Where trainings are stopped: another place in every run, named when something differs. */
const stopSeed = Number(process.env['LOFI_STOP_SEED'] ?? Date.now() % 1e6);

const WORKER = fileURLToPath(new URL('../../electron/worker/index.ts', import.meta.url));

// A busy machine is slow; nothing here is about time.
vi.setConfig({ testTimeout: 240_000 });

let root = '';
const videos: JobVideo[] = [];

const FOOTAGE = {
  ...DEFAULT_FOOTAGE,
  side: 32,
  durationSec: [11, 14],
  actionSec: [1.5, 4],
  gapSec: [1, 2],
} as const;
const CONFIG: TrainConfig = {
  ...DEMO_CONFIG,
  seed: 3,
  sampling: { snippets: 16, framesPerSnippet: 8, side: 32, mode: 'resize', strideFrames: 1 },
  lofi: {
    ...DEMO_CONFIG.lofi,
    epochs: 1,
    windowEpochs: 1,
    headWarmupEpochs: 1,
    windowBatch: 2,
    heldOutLooks: 1,
  },
  head: { ...DEMO_CONFIG.head, epochs: 3, batch: 2, validateEvery: 1 },
};

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'lofi-training-'));
  const planned = [
    ...[0, 1, 2, 3].map((index) => planVideo(1, 'training', index, FOOTAGE)),
    planVideo(1, 'validation', 0, FOOTAGE),
    planVideo(1, 'testing', 0, FOOTAGE),
  ];
  for (const video of planned) {
    const file = path.join(root, `${video.name}.mp4`);
    await writeVideo(file, paintFrames(video), { width: 32, height: 32, fps: { num: 6, den: 1 } });
    const { subset, segments } = video;
    videos.push({ id: video.name, path: file, contentHash: await contentHash(file), subset, segments });
  }
});

afterAll(() => rm(root, { recursive: true, force: true }));

interface TrainOptions {
  readonly config?: TrainConfig;
  readonly resume?: boolean;
  readonly videos?: readonly JobVideo[];
  readonly signal?: AbortSignal;
  readonly report?: (message: WorkerMessage) => void;
}

async function train(name: string, options: TrainOptions = {}): Promise<TrainResult> {
  const result = await runJob(
    {
      kind: 'train',
      jobId: name,
      config: options.config ?? CONFIG,
      labels: [...TARGET_CLASSES],
      videos: options.videos ?? videos,
      // A cache of its own: features of one run must not help another.
      folders: { cache: path.join(root, `cache-${name}`), output: path.join(root, name) },
      engine: 'onnx',
      resume: options.resume ?? false,
    },
    { signal: options.signal ?? new AbortController().signal, report: options.report ?? (() => undefined) },
  );
  return result as TrainResult;
}

const weightsOf = (name: string, variant: string): Promise<Buffer> =>
  readFile(path.join(root, name, variant, 'weights.safetensors'));

describe('a training', () => {
  it('goes on from a checkpoint exactly as if it had never stopped, and a seed gives the same numbers', async () => {
    const previews: JobPreview[] = [];
    const straight = await train('straight', {
      report: (message) => message.type === 'preview' && previews.push(message.preview),
    });
    expect(previews.map(({ series, epoch }) => `${series} ${epoch}`)).toEqual(
      ['frozen', 'lofi'].flatMap((series) => [1, 2, 3].map((epoch) => `${series} ${epoch}`)),
    );
    expect(previews.at(-1)?.segments.length).toBeGreaterThan(0);
    const random = createRandom(stopSeed);
    let resumed: TrainResult | null = null;
    let expected: number | null = null;
    for (let stops = 0; resumed === null; stops += 1) {
      const abort = new AbortController();
      const after = stops < 4 ? 1 + random.integer(8) : Infinity;
      let heard = 0;
      let saved: number | null = null;
      let last = 0;
      const report = (message: WorkerMessage): void => {
        if (message.type === 'checkpoint') saved = message.step;
        if (message.type !== 'metric' || message.metric.name !== 'loss') return;
        const { step } = message.metric;
        // It goes on with the very next step: nothing is done again.
        if (heard === 0 && expected !== null) expect([expected + 1, 1]).toContain(step);
        heard += 1;
        last = step;
        if (heard === after) abort.abort();
      };
      try {
        resumed = await train('stopped', { resume: stops > 0, signal: abort.signal, report });
      } catch (error) {
        expect(error).toMatchObject({ code: 'cancelled' });
        // The checkpoint is of the step at which it was told to stop, unless that was a stage's last.
        if (saved !== null) expect(saved).toBe(last);
        expected = saved;
      }
    }
    const checkpoints = (folder: string): Promise<string[]> => readdir(path.join(root, folder));
    const names = (await checkpoints('straight')).filter((name) => name.endsWith('.checkpoint'));
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) {
      const [one, other] = await Promise.all(
        ['straight', 'stopped'].map((folder) => readFile(path.join(root, folder, name))),
      );
      expect(other!.equals(one!), `${name} differs; stops of seed ${stopSeed}`).toBe(true);
    }
    for (const variant of ['frozen', 'lofi']) {
      expect((await weightsOf('stopped', variant)).equals(await weightsOf('straight', variant))).toBe(true);
    }
    expect(resumed.models.map((model) => model.validation)).toEqual(
      straight.models.map((model) => model.validation),
    );
    for (const model of straight.models) {
      const validation = videos.filter((video) => video.subset === 'validation');
      expect(scoreDetections(validation, model.predictions)).toEqual(model.validation);
    }
    expect(straight.stages.every((stage) => stage.seconds >= 0 && stage.peakBytes > 1e6)).toBe(true);
  });

  it('that was killed at a random step goes on from its last checkpoint to the same checkpoints', async () => {
    const random = createRandom(stopSeed + 1);
    const job: TrainJob = {
      kind: 'train',
      jobId: 'killed',
      config: CONFIG,
      labels: [...TARGET_CLASSES],
      videos,
      folders: { cache: path.join(root, 'cache-killed'), output: path.join(root, 'killed') },
      engine: 'onnx',
      resume: false,
    };
    let left = 1 + random.integer(4);
    const worker = startWorker(job, {
      file: WORKER,
      cancelDeadlineMs: 10_000,
      onNews: ({ type }) => {
        if (type === 'metric' && (left -= 1) === 0) process.kill(worker.pid!, 'SIGKILL');
      },
    });
    expect(await worker.outcome).toMatchObject({ type: 'failed', error: { code: 'out-of-memory' } });
    await train('killed', { resume: true });
    for (const variant of ['frozen', 'lofi']) {
      expect((await weightsOf('killed', variant)).equals(await weightsOf('straight', variant))).toBe(true);
    }
  });

  it.skipIf(!canMount)(
    'that meets a full disk ends with words, and goes on to the same models when there is room (skipped where nothing can be mounted)',
    async () => {
      const disk = path.join(root, 'disk');
      expect(mount(['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs'], disk)).toBe(true);
      const job: TrainJob = {
        kind: 'train',
        jobId: 'full',
        config: CONFIG,
        labels: [...TARGET_CLASSES],
        videos,
        folders: { cache: path.join(disk, 'cache'), output: path.join(root, 'full') },
        engine: 'onnx',
        resume: false,
      };
      const run = (resume: boolean) =>
        startWorker({ ...job, resume }, { file: WORKER, cancelDeadlineMs: 10_000, onNews: () => undefined })
          .outcome;
      try {
        expect(await run(false)).toMatchObject({
          type: 'failed',
          error: { code: 'out-of-space', message: expect.stringContaining('space') as string },
        });
        remount('size=200m', disk);
        expect(await run(true)).toMatchObject({ type: 'done' });
        for (const variant of ['frozen', 'lofi']) {
          expect((await weightsOf('full', variant)).equals(await weightsOf('straight', variant))).toBe(true);
        }
      } finally {
        unmountAll();
      }
    },
  );

  it('can be measured beforehand in some seconds of the real work', async () => {
    const result = await runJob(
      {
        kind: 'calibrate',
        jobId: 'calibrate',
        config: CONFIG,
        classCount: TARGET_CLASSES.length,
        video: { ...videos[0]!, framePixels: 32 * 32 },
        folders: { cache: path.join(root, 'cache-straight'), output: root },
        engine: 'onnx',
      },
      { signal: new AbortController().signal, report: () => undefined },
    );
    if (result.kind !== 'calibrate') throw new Error(result.kind);
    for (const rate of Object.values(result.rates)) expect(Number.isFinite(rate) && rate > 0).toBe(true);
    expect(result.rates.features).toBeGreaterThan(result.rates.tune);
  });

  it('moves the encoder in stage 2 and leaves the frozen one alone', async () => {
    const frozen = await weightsOf('straight', 'frozen');
    const lofi = await weightsOf('straight', 'lofi');
    expect(frozen.equals(lofi)).toBe(false);
    expect(frozen.length).toBe(lofi.length);
  });

  it('predicts segments inside the video, best first, with known labels', async () => {
    const testing = videos.filter((video) => video.subset === 'testing');
    const folders = { cache: path.join(root, 'cache-straight'), output: path.join(root, 'predict') };
    const job = {
      kind: 'predict',
      jobId: 'p',
      model: path.join(root, 'straight', 'lofi'),
      videos: testing,
      folders,
      curves: path.join(folders.output, 'curves'),
      engine: 'onnx',
    } as const;
    const handle = { signal: new AbortController().signal, report: () => undefined };
    const { predictions } = (await runJob(job, handle)) as PredictResult;
    const found = predictions[testing[0]!.id]!;
    expect(found.length).toBeGreaterThan(0);
    for (const [index, segment] of found.entries()) {
      expect(segment.endSec).toBeGreaterThan(segment.startSec);
      expect(segment.startSec).toBeGreaterThanOrEqual(0);
      expect(segment.endSec).toBeLessThanOrEqual(14.01);
      expect(TARGET_CLASSES).toContain(segment.label);
      if (index > 0) expect(segment.score).toBeLessThanOrEqual(found[index - 1]!.score);
    }
    const curves = await readFile(path.join(job.curves, `${testing[0]!.id}.curves`));
    const head = readCurveHead(curves, curves.length);
    expect(head).toMatchObject({ startSec: 0, count: CONFIG.sampling.snippets });
    expect(head.series.map(({ label }) => label)).toEqual([...TARGET_CLASSES]);
    // The best segment lies where its class has been seen.
    const best = found[0]!;
    const step = Math.floor((best.startSec + best.endSec) / 2 / head.stepSec);
    const numbers = new Float32Array(curves.buffer.slice(curves.byteOffset + curveHeadBytes(curves)));
    const row = TARGET_CLASSES.findIndex((label) => label === best.label);
    expect(numbers[row * head.count + step]).toBeGreaterThan(0);
  });

  it.each<LofiSchedule>(['s', 't', 'st', 'short-cyclic', 'long-cyclic', 'full'])(
    'runs the configuration %s',
    async (schedule) => {
      const lofi = { ...CONFIG.lofi, schedule, epochs: 1, windowEpochs: 0, headWarmupEpochs: 0 };
      const config = { ...CONFIG, baseline: false, lofi, head: { ...CONFIG.head, epochs: 1 } };
      const losses: number[] = [];
      const result = await train(`schedule-${schedule}`, {
        config,
        report: (message) => {
          if (message.type === 'metric' && message.metric.series === 'stage2')
            losses.push(message.metric.value);
        },
      });
      expect(result.models.map((model) => model.variant)).toEqual(['lofi']);
      expect(losses.length).toBeGreaterThan(0);
      expect(losses.every(Number.isFinite)).toBe(true);
    },
  );

  it('re-estimates statistics, classifies on the target, samples snippets and slides over long videos', async () => {
    const lofi = {
      ...CONFIG.lofi,
      reestimateBatchNorm: true,
      snippetShare: 0.3,
    };
    const config: TrainConfig = {
      ...CONFIG,
      baseline: true,
      sampling: { ...CONFIG.sampling, mode: 'sliding', intervalFrames: 4, snippets: 12 },
      lofi,
      targetClassification: { steps: 2, clipsPerStep: 4, optimiser: CONFIG.lofi.encoder },
      head: { ...CONFIG.head, epochs: 1 },
    };
    const result = await train('options', { config });
    expect(result.models).toHaveLength(2);
    expect(result.stages.map((stage) => stage.name)).toContain('target');
  });
});

describe('gradient accumulation', () => {
  it('of one whole batch changes nothing; of single videos the losses are means over them', async () => {
    const lofi = {
      ...CONFIG.lofi,
      epochs: 2,
      windowEpochs: 0,
      schedule: 's',
      batch: 4,
      heldOutLooks: 0,
    } as const;
    const head = { ...CONFIG.head, epochs: 1 };
    const losses = async (name: string, microBatch?: number): Promise<number[]> => {
      const found: number[] = [];
      // Losses are told ten times a second at most: by this clock every step is seconds after the one before.
      let now = 0;
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
      const own = microBatch === undefined ? lofi : { ...lofi, microBatch };
      await train(name, {
        config: { ...CONFIG, baseline: false, lofi: own, head },
        report: (message) => {
          if (message.type === 'metric' && message.metric.series === 'stage2')
            found.push(message.metric.value);
        },
      });
      clock.mockRestore();
      expect(found.length).toBeGreaterThan(1);
      return found;
    };
    const whole = await losses('whole-batch');
    expect(await losses('micro-four', 4)).toEqual(whole);
    const single = await losses('micro-one', 1);
    expect(single).toHaveLength(whole.length);
    // The head divides by a moving count of positives that starts at one value for any batch and comes down to the parts' own: a mean
    // over four parts begins near a quarter of the whole batch's loss and ends near it.
    const ratios = single.map((loss, step) => loss / whole[step]!);
    ratios.forEach((ratio) => {
      expect(ratio).toBeGreaterThan(0.2);
      expect(ratio).toBeLessThan(1.2);
    });
    expect(ratios.at(-1)).toBeGreaterThan(ratios[0]!);
    expect(single).not.toEqual(whole);
    expect((await weightsOf('micro-four', 'lofi')).equals(await weightsOf('whole-batch', 'lofi'))).toBe(true);
  });
});

describe('bad input', () => {
  const failing = async (list: readonly JobVideo[]): Promise<StudioError> => {
    try {
      await train('bad', { videos: list });
    } catch (error) {
      if (error instanceof StudioError) return error;
      return fromErrorInfo({ code: 'internal', message: String(error), detail: {} });
    }
    throw new Error('The training should have failed.');
  };

  it('names a file that is not a video, one that is missing, and a segment outside its video', async () => {
    const [first, ...rest] = videos as [JobVideo, ...JobVideo[]];
    const text = path.join(root, 'text.mp4');
    await writeFile(text, 'This is no video.');
    const notVideo = await failing([{ ...first, path: text, contentHash: 'text' }, ...rest]);
    expect(notVideo.code).toBe('bad-input');
    expect(notVideo.message).toContain('text.mp4');
    const missing = await failing([
      { ...first, path: path.join(root, 'missing.mp4'), contentHash: 'missing' },
      ...rest,
    ]);
    expect(['not-found', 'bad-input']).toContain(missing.code);
    expect(missing.message).toContain('missing.mp4');
    const outside = await failing([
      { ...first, segments: [{ startSec: 100, endSec: 101, label: TARGET_CLASSES[0] }] },
      ...rest,
    ]);
    expect(outside.code).toBe('bad-input');
    expect(outside.message).toContain('outside the video');
    const longer = await failing([
      { ...first, segments: [{ startSec: 0, endSec: 60, label: TARGET_CLASSES[0] }] },
      ...rest,
    ]);
    expect(longer.message).toContain('0–60 s');
  });

  it('stops at features that are not numbers, naming the video, and makes no model', async () => {
    const { card, parameters } = await loadEncoder(encoderFolder('small'));
    const [name] = Object.keys(parameters).filter((each) => each.endsWith('conv1.weight'));
    const { shape, data } = parameters[name!]!;
    const broken = { ...parameters, [name!]: { shape, data: data.map(() => Number.NaN) } };
    const encoder = path.join(root, 'broken-encoder');
    await saveEncoder(encoder, card, broken);
    await expect(train('broken', { config: { ...CONFIG, encoder } })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/not a (finite )?number/) as string,
    });
    const made = await readdir(path.join(root, 'broken')).catch(() => []);
    expect(made.filter((each) => each === 'frozen' || each === 'lofi')).toEqual([]);
  });

  it('refuses a training without labels', async () => {
    const empty = await failing(videos.map((video) => ({ ...video, segments: [] })));
    expect(empty).toMatchObject({ code: 'bad-input' });
    expect(empty.message).toContain('no segments');
  });
});
