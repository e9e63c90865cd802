import { describe, expect, it } from 'vitest';
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { chooseVariant, stretchesOf } from './choice.ts';
import type { ComparedVariant } from './choice.ts';
import { scoreDetections } from './heldOut.ts';

/** A video with an action of 4 s every 10 s. */
function videoOf(id: string, count: number) {
  const segments: LabelledSegment[] = Array.from({ length: count }, (_, index) => ({
    startSec: 10 * index + 3,
    endSec: 10 * index + 7,
    label: index % 2 === 0 ? 'a' : 'b',
  }));
  return { id, segments };
}

/** Finds each action off by a share of its length, a quarter of a second and so on. */
function model(
  variant: 'frozen' | 'lofi',
  videos: readonly ReturnType<typeof videoOf>[],
  offSec: (index: number) => number,
): ComparedVariant {
  const heldOut = Object.fromEntries(
    videos.map(({ id, segments }) => [
      id,
      segments.map((segment, index): ScoredSegment => ({
        ...segment,
        startSec: segment.startSec + offSec(index),
        endSec: segment.endSec + offSec(index),
        score: 0.9 - index / 100,
      })),
    ]),
  );
  return { variant, heldOut, validation: scoreDetections(videos, heldOut) };
}

describe('stretches of held-out videos', () => {
  it('hold one segment each, with what was predicted around it', () => {
    const video = { ...videoOf('v', 3), covered: [{ startSec: 0, endSec: 27 }] };
    const at = (startSec: number, endSec: number): ScoredSegment => ({
      startSec,
      endSec,
      label: 'a',
      score: 1,
    });
    const found = { v: [at(0, 2), at(8, 9), at(10, 11), at(14, 19), at(25, 26), at(40, 41)] };
    const stretches = stretchesOf([video, { id: 'empty', segments: [] }], { ...found, empty: [at(1, 2)] });
    expect(stretches.truth).toEqual({
      'v/0': [video.segments[0]],
      'v/1': [video.segments[1]],
      'v/2': [video.segments[2]],
      'empty/0': [],
    });
    expect(stretches.found).toEqual({
      'v/0': [at(0, 2), at(8, 9)],
      'v/1': [at(10, 11), at(14, 19)],
      // Nobody looked at second 40.
      'v/2': [at(25, 26)],
      'empty/0': [at(1, 2)],
    });
  });
});

describe('the model that is kept', () => {
  const videos = [videoOf('v', 6)];
  const good = () => 0.2;
  const bad = () => 1.5;

  it('is LoFi where it is better, and the words say by how much and how sure that is', () => {
    const { kept, reason } = chooseVariant(
      [model('frozen', videos, bad), model('lofi', videos, good)],
      videos,
    );
    expect(kept).toBe('lofi');
    expect(reason).toMatch(
      /^LoFi is kept: average mAP 90.0 % against 0.0 % of the frozen encoder on held-out videos \(90.0 points more, 80 % interval 90.0 to 90.0, 6 segments\). So few say little/,
    );
  });

  it('is the frozen encoder where that is clearly better, with one held-out video too', () => {
    const { kept, reason } = chooseVariant(
      [model('frozen', videos, good), model('lofi', videos, bad)],
      videos,
    );
    expect(kept).toBe('frozen');
    expect(reason).toContain('The frozen encoder is kept: average mAP 90.0 % against 0.0 % of LoFi');
    expect(reason).toContain('(90.0 points more, 80 % interval 90.0 to 90.0, 6 segments)');
    expect(reason).not.toContain('within chance');
  });

  it('is LoFi where the frozen encoder is better within chance, and the words say so', () => {
    // LoFi misses one action in six.
    const variants = [
      model('frozen', videos, good),
      model('lofi', videos, (index) => (index === 2 ? 9 : 0.2)),
    ];
    const [frozen, lofi] = variants.map(({ validation }) => validation!.averageMap);
    expect(lofi).toBeLessThan(frozen!);
    const { kept, reason } = chooseVariant(variants, videos);
    expect(kept).toBe('lofi');
    expect(reason).toMatch(/points less, 80 % interval −[\d.]+ to 0.0, 6 segments\)\. That is within chance/);
  });

  it('needs no caution with many held-out segments', () => {
    const many = [videoOf('v', 12), videoOf('w', 12)];
    const { reason } = chooseVariant([model('frozen', many, bad), model('lofi', many, good)], many);
    expect(reason).toMatch(/24 segments\)\.$/);
  });

  it('is LoFi where two segments are held out: they say nothing', () => {
    const two = [videoOf('v', 2)];
    const { kept, reason } = chooseVariant([model('frozen', two, good), model('lofi', two, bad)], two);
    expect(kept).toBe('lofi');
    expect(reason).toContain('90.0 points less, too few for an interval, 2 segments). That is within chance');
  });

  it('is LoFi where nothing was measured, and the words say so', () => {
    const unmeasured = (variant: 'frozen' | 'lofi') => ({ variant, validation: null, heldOut: {} });
    const { kept, reason } = chooseVariant([unmeasured('frozen'), unmeasured('lofi')], []);
    expect([kept, reason]).toEqual(['lofi', expect.stringContaining('nothing says which is better')]);
  });
});
