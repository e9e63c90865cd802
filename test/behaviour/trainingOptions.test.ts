/**
 * What a training can be told, on real (tiny) videos: every configuration of the paper, options of the sampling and of stage 2, batches in
 * parts; and bad input, which says what is wrong and with which file.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { fromErrorInfo, StudioError } from '#core/contract/errors';
import type { LofiSchedule, TrainConfig } from '#core/train/config';
import type { JobVideo } from '#core/train/job';
import { encoderFolder, loadEncoder, saveEncoder } from '#worker/modelFolder';
import { SMALL_TRAINING, useTrainings } from './trainingFixture.ts';

// A busy machine is slow; nothing here is about time.
vi.setConfig({ testTimeout: 240_000 });

const { at, videos, train, weightsOf } = useTrainings();

describe('a training', () => {
  it.each<LofiSchedule>(['s', 't', 'st', 'short-cyclic', 'long-cyclic', 'full'])(
    'runs the configuration %s',
    async (schedule) => {
      const lofi = { ...SMALL_TRAINING.lofi, schedule, epochs: 1, windowEpochs: 0, headWarmupEpochs: 0 };
      const config = {
        ...SMALL_TRAINING,
        baseline: false,
        lofi,
        head: { ...SMALL_TRAINING.head, epochs: 1 },
      };
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
      ...SMALL_TRAINING.lofi,
      reestimateBatchNorm: true,
      snippetShare: 0.3,
    };
    const config: TrainConfig = {
      ...SMALL_TRAINING,
      baseline: true,
      sampling: { ...SMALL_TRAINING.sampling, mode: 'sliding', intervalFrames: 4, snippets: 12 },
      lofi,
      targetClassification: { steps: 2, clipsPerStep: 4, optimiser: SMALL_TRAINING.lofi.encoder },
      head: { ...SMALL_TRAINING.head, epochs: 1 },
    };
    const result = await train('options', { config });
    expect(result.models).toHaveLength(2);
    expect(result.stages.map((stage) => stage.name)).toContain('target');
  });
});

describe('gradient accumulation', () => {
  it('of one whole batch changes nothing; of single videos the losses are means over them', async () => {
    const lofi = {
      ...SMALL_TRAINING.lofi,
      epochs: 2,
      windowEpochs: 0,
      schedule: 's',
      batch: 4,
      heldOutLooks: 0,
    } as const;
    const head = { ...SMALL_TRAINING.head, epochs: 1 };
    const losses = async (name: string, microBatch?: number): Promise<number[]> => {
      const found: number[] = [];
      // Losses are told ten times a second at most: by this clock every step is seconds after the one before.
      let now = 0;
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
      const own = microBatch === undefined ? lofi : { ...lofi, microBatch };
      await train(name, {
        config: { ...SMALL_TRAINING, baseline: false, lofi: own, head },
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
    const text = at('text.mp4');
    await writeFile(text, 'This is no video.');
    const notVideo = await failing([{ ...first, path: text, contentHash: 'text' }, ...rest]);
    expect(notVideo.code).toBe('bad-input');
    expect(notVideo.message).toContain('text.mp4');
    const missing = await failing([{ ...first, path: at('missing.mp4'), contentHash: 'missing' }, ...rest]);
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
    const encoder = at('broken-encoder');
    await saveEncoder(encoder, card, broken);
    await expect(train('broken', { config: { ...SMALL_TRAINING, encoder } })).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/not a (finite )?number/) as string,
    });
    const made = await readdir(at('broken')).catch(() => []);
    expect(made.filter((each) => each === 'frozen' || each === 'lofi')).toEqual([]);
  });

  it('refuses a training without labels', async () => {
    const empty = await failing(videos.map((video) => ({ ...video, segments: [] })));
    expect(empty).toMatchObject({ code: 'bad-input' });
    expect(empty.message).toContain('no segments');
  });
});
