/** What the planner chooses from labels, and the point of the budget that it picks. */
import { describe, expect, it } from 'vitest';
import { encoderByName } from '#core/model/encoder/catalogue';
import type { TrainConfig } from './config.ts';
import { DEMO_CONFIG, STUDIO_CONFIG } from './defaults.ts';
import { memoryEstimate } from './memory.ts';
import { chooseEpochs, chooseWindowing, fitBudget, type Estimators, type Material } from './planner.ts';

const video = (durationSec: number, framesPerSecond = 30) => ({
  durationSec,
  framesPerSecond,
  side: 480,
  isTraining: true,
});

describe('windowing', () => {
  it('spreads snippets over the video where a short action still gets four', () => {
    const material: Material = { segmentsSec: [8, 10, 12, 30], videos: [video(120), video(60)] };
    const { config, choices } = chooseWindowing(STUDIO_CONFIG, material);
    expect(config.sampling).toMatchObject({ mode: 'resize', snippets: 100, spanSec: 4 / 3 });
    expect(choices[0]).toContain('at most 1.2 s apart');
  });

  it.each([20 * 60, 3 * 3600])(
    'slides over a video of %i s, an interval of a quarter of the 10th percentile',
    (length) => {
      const segmentsSec = Array.from({ length: 100 }, (_, index) => 2 + index / 20);
      const { config, choices } = chooseWindowing(STUDIO_CONFIG, { segmentsSec, videos: [video(length)] });
      const { sampling } = config;
      expect(sampling.mode).toBe('sliding');
      expect(sampling.intervalSec).toBeLessThanOrEqual(2.5 / 4 + 1e-9);
      // A quarter of a window, on which stage 2 ends, holds a long action.
      expect((sampling.snippets / 4) * sampling.intervalSec!).toBeGreaterThan(6.8);
      expect(choices.join(' ')).toContain('overlapping windows');
    },
  );

  it('is never finer than a frame, and coarser where one window must hold very long actions', () => {
    const quick = chooseWindowing(STUDIO_CONFIG, { segmentsSec: [0.2, 0.2, 0.3], videos: [video(600, 25)] });
    expect(quick.config.sampling.intervalSec).toBeCloseTo(0.05);
    const mixed = chooseWindowing(STUDIO_CONFIG, { segmentsSec: [1, 1, 1, 900], videos: [video(3600)] });
    expect(mixed.config.sampling.snippets * mixed.config.sampling.intervalSec!).toBeGreaterThan(900);
    expect(mixed.choices[0]).toContain('would be too fine');
  });

  it('keeps G-TAD’s map small', () => {
    const material = { segmentsSec: [2, 4, 40], videos: [video(1200)] };
    const { config } = chooseWindowing({ ...STUDIO_CONFIG, detector: 'g-tad' }, material);
    expect(config.sampling.snippets).toBeLessThanOrEqual(128);
  });
});

describe('epochs', () => {
  const few: Material = { segmentsSec: [4], videos: [video(60), video(60), video(60)] };

  it('give few videos as many steps as the demo’s hundred get', () => {
    const hundred = chooseEpochs(
      DEMO_CONFIG,
      { ...few, videos: Array.from({ length: 100 }, () => video(60)) },
      1,
    );
    expect(hundred.lofi).toMatchObject({ epochs: 4, windowEpochs: 12, batch: 2, windowBatch: 4 });
    const three = chooseEpochs(DEMO_CONFIG, few, 1);
    expect(three.lofi.epochs).toBeGreaterThan(50);
    expect(three.head.epochs).toBeGreaterThan(50);
    expect(three.head.epochs / three.head.validateEvery!).toBeLessThan(16);
  });
});

describe('the budget', () => {
  const spec = encoderByName('small');
  const estimate: Estimators = {
    seconds: ({ sampling, lofi }) =>
      (sampling.snippets *
        sampling.framesPerSnippet *
        sampling.side ** 2 *
        (lofi.epochs + lofi.windowEpochs)) /
      5e4,
    memoryBytes: (config) => memoryEstimate(config, spec, 2),
  };
  const config: TrainConfig = { ...STUDIO_CONFIG, sampling: { ...STUDIO_CONFIG.sampling, side: 224 } };

  it.each([
    ['small', 666e6, 991e6],
    ['tsm-resnet18', 1552e6, 1312e6],
    ['tsm-resnet50', 2896e6, 2293e6],
  ] as const)(
    'of %s on native TensorFlow is another one than on the default engine',
    (name, onDefault, onNative) => {
      const sampling = {
        ...STUDIO_CONFIG.sampling,
        snippets: { small: 100, 'tsm-resnet18': 16, 'tsm-resnet50': 8 }[name],
      };
      const own: TrainConfig = {
        ...DEMO_CONFIG,
        sampling,
        lofi: { ...DEMO_CONFIG.lofi, batch: 1, windowBatch: 1 },
      };
      const [first, second] = (['onnx', 'tensorflow'] as const).map((engine) =>
        memoryEstimate(own, encoderByName(name), 2, engine),
      );
      expect(Math.abs(second! / first! - onNative / onDefault)).toBeLessThan(0.12);
    },
  );

  it('is left alone where everything fits, and says what it takes', () => {
    const fitted = fitBudget(config, { memoryBytes: 8e9, seconds: 1e9 }, estimate);
    expect(fitted.config).toEqual(config);
    expect(fitted.choices).toEqual([
      expect.stringMatching(/^Chosen: 100 snippets × 8 frames at 224×224, batch 2/),
    ]);
  });

  it.each([
    [0.9e9, null],
    [null, 3000],
    [0.8e9, 2000],
    [0.7e9, 500],
  ])('of %s bytes and %s s is kept, and no larger point of the surface fits', (memoryBytes, seconds) => {
    const { config: chosen, choices } = fitBudget(config, { memoryBytes, seconds }, estimate);
    if (memoryBytes !== null) expect(estimate.memoryBytes(chosen)).toBeLessThanOrEqual(memoryBytes);
    if (seconds !== null) expect(estimate.seconds(chosen)).toBeLessThanOrEqual(seconds);
    const larger = { ...chosen, sampling: { ...chosen.sampling, side: chosen.sampling.side + 32 } };
    const fits =
      (memoryBytes === null || estimate.memoryBytes(larger) <= memoryBytes) &&
      (seconds === null || estimate.seconds(larger)! <= seconds);
    expect(fits && larger.sampling.side <= 224).toBe(false);
    expect(choices[0]).toContain('would take');
  });

  it('says so when nothing fits, and when the time cannot be known', () => {
    const tight = fitBudget(config, { memoryBytes: 1e6, seconds: null }, estimate);
    expect(tight.choices[0]).toContain('Nothing fits');
    const unknown = fitBudget(
      config,
      { memoryBytes: null, seconds: 60 },
      { ...estimate, seconds: () => null },
    );
    expect(unknown.choices[0]).toContain('not measured yet');
  });
});
