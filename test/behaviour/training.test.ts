/**
 * The whole training on real (tiny) videos: resuming equals the straight run, a seed gives the same numbers, a kill or a full disk costs
 * nothing, and what comes out predicts.
 */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { curveHeadBytes, readCurveHead } from '#core/infer/curveFile';
import type { JobPreview, PredictResult, TrainResult, WorkerMessage } from '#core/train/job';
import { scoreDetections } from '#core/train/heldOut';
import { createRandom } from '#core/util/random';
import { startWorker } from '#service/jobs/workerProcess';
import { runJob } from '#worker/runJob';
import { canMount, mount, remount, unmountAll } from './mounts.ts';
import { SMALL_TRAINING, useTrainings } from './trainingFixture.ts';

/** Where trainings are stopped: another place in every run, named when something differs. */
const stopSeed = Number(process.env['LOFI_STOP_SEED'] ?? Date.now() % 1e6);

const WORKER = fileURLToPath(new URL('../../electron/worker/index.ts', import.meta.url));

// A busy machine is slow; nothing here is about time.
vi.setConfig({ testTimeout: 240_000 });

const { at, videos, job, train, weightsOf } = useTrainings();

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
    const checkpoints = (folder: string): Promise<string[]> => readdir(at(folder));
    const names = (await checkpoints('straight')).filter((name) => name.endsWith('.checkpoint'));
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) {
      const [one, other] = await Promise.all(
        ['straight', 'stopped'].map((folder) => readFile(at(folder, name))),
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
    let left = 1 + random.integer(4);
    const worker = startWorker(job('killed'), {
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
      const disk = at('disk');
      expect(mount(['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs'], disk)).toBe(true);
      const folders = { cache: path.join(disk, 'cache'), output: at('full') };
      const run = (resume: boolean) =>
        startWorker(
          { ...job('full', { resume }), folders },
          { file: WORKER, cancelDeadlineMs: 10_000, onNews: () => undefined },
        ).outcome;
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
        config: SMALL_TRAINING,
        classCount: TARGET_CLASSES.length,
        video: { ...videos[0]!, framePixels: 32 * 32 },
        folders: { cache: at('cache-straight'), output: at() },
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
    const folders = { cache: at('cache-straight'), output: at('predict') };
    const predict = {
      kind: 'predict',
      jobId: 'p',
      model: at('straight', 'lofi'),
      videos: testing,
      folders,
      curves: path.join(folders.output, 'curves'),
      engine: 'onnx',
    } as const;
    const handle = { signal: new AbortController().signal, report: () => undefined };
    const { predictions } = (await runJob(predict, handle)) as PredictResult;
    const found = predictions[testing[0]!.id]!;
    expect(found.length).toBeGreaterThan(0);
    for (const [index, segment] of found.entries()) {
      expect(segment.endSec).toBeGreaterThan(segment.startSec);
      expect(segment.startSec).toBeGreaterThanOrEqual(0);
      expect(segment.endSec).toBeLessThanOrEqual(14.01);
      expect(TARGET_CLASSES).toContain(segment.label);
      if (index > 0) expect(segment.score).toBeLessThanOrEqual(found[index - 1]!.score);
    }
    const curves = await readFile(path.join(predict.curves, `${testing[0]!.id}.curves`));
    const head = readCurveHead(curves, curves.length);
    expect(head).toMatchObject({ startSec: 0, count: SMALL_TRAINING.sampling.snippets });
    expect(head.series.map(({ label }) => label)).toEqual([...TARGET_CLASSES]);
    // The best segment lies where its class has been seen.
    const best = found[0]!;
    const step = Math.floor((best.startSec + best.endSec) / 2 / head.stepSec);
    const numbers = new Float32Array(curves.buffer.slice(curves.byteOffset + curveHeadBytes(curves)));
    const row = TARGET_CLASSES.findIndex((label) => label === best.label);
    expect(numbers[row * head.count + step]).toBeGreaterThan(0);
  });
});
