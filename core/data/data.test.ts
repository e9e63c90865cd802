/** Snippets, grids, fidelities, resizing: small cases whose answers are known by hand. */
import { describe, expect, it } from 'vitest';
import type { SamplingConfig } from '#core/train/config';
import { DEMO_LOFI, PAPER_CONFIG } from '#core/train/defaults';
import { assembleSnippets } from './assemble.ts';
import { changeFrames, drawChange } from './augment.ts';
import { PAPER_FIDELITIES, planEpochs, sideAt, viewAt } from './fidelity.ts';
import { coveredSteps, detectionsInSeconds, segmentsOnGrid } from './grid.ts';
import { resizeFrames } from './resize.ts';
import { epochBatches } from './sampler.ts';
import { constantTiming, frameAt, neededFrames, planSnippets, slicePlan } from './snippets.ts';

const RESIZE: SamplingConfig = { snippets: 4, framesPerSnippet: 2, side: 8, mode: 'resize', strideFrames: 1 };

describe('snippets', () => {
  it('spreads a fixed number over the video, each around the middle of its share', () => {
    const plan = planSnippets(constantTiming(40, 10), RESIZE);
    expect(plan).toMatchObject({ snippets: 4, startSec: 0, stepSec: 1 });
    expect([...plan.frames]).toEqual([4, 5, 14, 15, 24, 25, 34, 35]);
  });

  it('keeps inside a video of one frame', () => {
    const plan = planSnippets(constantTiming(1, 10), RESIZE);
    expect([...plan.frames]).toEqual(Array(8).fill(0));
  });

  it('slides with a fixed interval', () => {
    const plan = planSnippets(constantTiming(41, 10), { ...RESIZE, mode: 'sliding', intervalFrames: 10 });
    expect(plan.snippets).toBe(5);
    expect(plan.stepSec).toBeCloseTo(1);
  });

  it('follows the presentation times of a variable rate', () => {
    const timing = { frameSec: Float64Array.of(0, 0.1, 0.2, 2, 3), endSec: 4 };
    expect([0, 0.15, 1.9, 2, 3.9, 99, -1].map((sec) => frameAt(timing, sec))).toEqual([0, 1, 2, 3, 4, 4, 0]);
  });

  it('says which frames any plan needs', () => {
    const plan = planSnippets(constantTiming(40, 10), RESIZE);
    expect([...neededFrames([plan], 40, 1)]).toEqual([
      3, 4, 5, 6, 13, 14, 15, 16, 23, 24, 25, 26, 33, 34, 35, 36,
    ]);
    expect([...slicePlan(plan, 1, 2).frames]).toEqual([14, 15, 24, 25]);
  });
});

describe('grid', () => {
  const plan = planSnippets(constantTiming(40, 10), RESIZE);

  it('goes to the grid and back without loss', () => {
    const [segment] = segmentsOnGrid([{ startSec: 0.5, endSec: 2.25, label: 'b' }], ['a', 'b'], plan);
    expect(segment).toEqual({ start: 0.5, end: 2.25, classIndex: 1 });
    const detection = { ...segment!, score: 0.5 };
    const video = { startSec: 0, endSec: 2 };
    expect(detectionsInSeconds([detection], ['a', 'b'], plan, video)).toEqual([
      { startSec: 0.5, endSec: 2, label: 'b', score: 0.5 },
    ]);
  });

  it('ignores what is mostly cut off and leaves out what lies outside', () => {
    const part = slicePlan(plan, 1, 2);
    const cut = { startSec: 2.8, endSec: 4, label: 'a' };
    const outside = { startSec: 0, endSec: 1, label: 'a' };
    expect(segmentsOnGrid([cut, outside], ['a'], part)).toEqual([
      { start: expect.closeTo(1.8) as number, end: 2, classIndex: -1 },
    ]);
  });

  it('refuses an unknown label', () => {
    expect(() => segmentsOnGrid([{ startSec: 0, endSec: 1, label: 'x' }], ['a'], plan)).toThrow('"x"');
  });

  it('marks covered steps', () => {
    expect([...coveredSteps(undefined, plan)]).toEqual([1, 1, 1, 1]);
    expect([...coveredSteps([{ startSec: 1, endSec: 2.6 }], plan)]).toEqual([0, 1, 1, 0]);
  });
});

describe('fidelities', () => {
  it('hold a quarter of the pixels each', () => {
    const pixels = (name: 's' | 't' | 'st' | 't-window'): number => {
      const fidelity = PAPER_FIDELITIES[name];
      return 1 / (fidelity.temporalFactor * fidelity.spatialFactor ** 2);
    };
    for (const name of ['s', 't', 'st', 't-window'] as const) expect(pixels(name)).toBeCloseTo(0.25);
    expect([
      sideAt(PAPER_FIDELITIES.s, 224),
      sideAt(PAPER_FIDELITIES.st, 224),
      sideAt(PAPER_FIDELITIES.t, 224),
    ]).toEqual([112, 158, 224]);
  });

  it('the long cycle changes every epoch and ends at full side', () => {
    for (const epochs of [1, 4, 9, 15]) {
      const plans = planEpochs({ ...PAPER_CONFIG.lofi, epochs });
      const names = plans.map((plan) => plan.fidelityOf(0).name);
      expect(names.at(-1)).toBe('t');
      if (epochs > 3) expect(new Set(names)).toEqual(new Set(['s', 't', 'st']));
      names.slice(1).forEach((name, index) => expect(name).not.toBe(names[index]));
    }
  });

  it('the short cycle changes every sixteen batches', () => {
    const [plan] = planEpochs({ ...DEMO_LOFI, schedule: 'short-cyclic', epochs: 1 });
    expect([0, 15, 16, 31, 32, 48].map((step) => plan!.fidelityOf(step).name)).toEqual([
      's',
      's',
      't',
      't',
      'st',
      's',
    ]);
  });

  it('windows keep the step of full fidelity and the same seed gives the same window', () => {
    const timing = constantTiming(240, 6);
    const sampling = { ...RESIZE, snippets: 40, side: 64 };
    const view = viewAt(timing, sampling, PAPER_FIDELITIES['t-window'], 5, 2);
    expect(view.plan.snippets).toBe(10);
    expect(view.plan.stepSec).toBeCloseTo(1);
    expect(view.side).toBe(64);
    expect(viewAt(timing, sampling, PAPER_FIDELITIES['t-window'], 5, 2)).toEqual(view);
  });
});

describe('frames', () => {
  it('are made smaller by the mean over each area', () => {
    const frames = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => Math.floor(i / 3) * 10);
    const half = resizeFrames(frames, 1, 4, 2);
    expect([half[0], half[3], half[6], half[9]]).toEqual([25, 45, 105, 125]);
    const flat = resizeFrames(new Uint8Array(6 * 6 * 3).fill(77), 1, 6, 4);
    expect([...flat].every((value) => value === 77)).toBe(true);
  });

  it('are shifted with their edges repeated, and a change of nothing changes nothing', () => {
    const frames = Uint8Array.from({ length: 2 * 2 * 3 }, (_, i) => i);
    const nothing = { shiftX: 0, shiftY: 0, gain: [1, 1, 1], offset: [0, 0, 0] } as const;
    expect(changeFrames(frames, 1, 2, nothing)).toEqual(frames);
    expect([...changeFrames(frames, 1, 2, { ...nothing, shiftX: 1 })]).toEqual([
      3, 4, 5, 3, 4, 5, 9, 10, 11, 9, 10, 11,
    ]);
    const config = { shift: 0.1, gain: 0.2, offset: 0.1, timeFrames: 0 };
    expect(drawChange(config, 32, 9)).toEqual(drawChange(config, 32, 9));
  });

  it('are read once and copied to every snippet that shows them, in numeric order', async () => {
    const asked: number[][] = [];
    const source = {
      side: 1,
      // The pixel of a frame is its place among those asked for.
      read: (_: string, indices: Int32Array): Promise<Uint8Array> => {
        asked.push([...indices]);
        return Promise.resolve(
          Uint8Array.from({ length: indices.length * 3 }, (_value, i) => Math.floor(i / 3)),
        );
      },
    };
    const plan = {
      snippets: 2,
      framesPerSnippet: 2,
      frames: Int32Array.of(9, 10, 10, 100),
      startSec: 0,
      stepSec: 1,
    };
    const out = await assembleSnippets(source, 'v', plan, 1, null);
    expect(asked).toEqual([[9, 10, 100]]);
    expect([...out]).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2]);
  });
});

it('orders of batches depend on seed and epoch alone', () => {
  const items = [...Array(7).keys()];
  const first = epochBatches(items, 3, 1, 'stage2', 0);
  expect(first.map((batch) => batch.length)).toEqual([3, 3, 1]);
  expect(first.flat().sort()).toEqual(items);
  expect(epochBatches(items, 3, 1, 'stage2', 0)).toEqual(first);
  expect(epochBatches(items, 3, 1, 'stage2', 1)).not.toEqual(first);
});
