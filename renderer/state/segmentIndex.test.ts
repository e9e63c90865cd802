import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SegmentInfo } from '#core/contract/info';
import { bySpan, SegmentIndex } from './segmentIndex.ts';

const segment = fc.record({
  id: fc.integer({ min: 0, max: 40 }).map(String),
  labelId: fc.constantFrom('pour', 'stir', 'cut'),
  startPts: fc.integer({ min: 0, max: 20 }),
  endPts: fc.integer({ min: 20, max: 25 }),
}) as fc.Arbitrary<unknown> as fc.Arbitrary<SegmentInfo>;
const byIds = (list: readonly SegmentInfo[]): ReadonlyMap<string, SegmentInfo> =>
  new Map(list.map((one) => [one.id, one]));

/** Spans in order, with their ids in a set: segments of one span may stand in any order. */
const spans = (list: readonly SegmentInfo[]): unknown => ({
  order: list.map(({ startPts, endPts }) => `${startPts}–${endPts}`),
  ids: list.map(({ id, labelId }) => `${id} ${labelId}`).sort(),
});

describe('the index of segments', () => {
  it('is after any changes what it would be, built anew', () => {
    const change = fc.tuple(segment, fc.boolean());
    fc.assert(
      fc.property(fc.array(segment), fc.array(fc.array(change, { maxLength: 5 })), (start, rounds) => {
        const index = new SegmentIndex();
        const known = new Map(byIds(start));
        index.set([...known.values()]);
        for (const round of rounds) {
          const changed = new Map(round.map(([one, stays]) => [one.id, stays ? one : null]));
          index.change(changed);
          for (const [id, after] of changed) {
            if (after === null) known.delete(id);
            else known.set(id, after);
          }
          const list = [...known.values()].sort(bySpan);
          expect(spans(index.all)).toEqual(spans(list));
          expect(index.byId).toEqual(known);
          for (const label of ['pour', 'stir', 'cut', 'none'])
            expect(spans(index.ofLabel(label))).toEqual(
              spans(list.filter(({ labelId }) => labelId === label)),
            );
        }
      }),
    );
  });

  it('takes many changes at once', () => {
    const many = Array.from({ length: 300 }, (_, at) => ({
      id: String(at),
      labelId: 'pour',
      startPts: (at * 37) % 300,
      endPts: 400,
    })) as unknown as SegmentInfo[];
    const index = new SegmentIndex();
    index.change(byIds(many));
    expect(index.all.map(({ startPts }) => startPts)).toEqual(many.map((_, at) => at));
    index.change(new Map(many.slice(0, 200).map(({ id }) => [id, null])));
    expect(index.ofLabel('pour')).toHaveLength(100);
    expect(index.byId.size).toBe(100);
  });

  it('leaves the lists of other labels as they are', () => {
    const index = new SegmentIndex();
    const [pour, stir] = ['pour', 'stir'].map((labelId) => ({
      id: labelId,
      labelId,
      startPts: 1,
      endPts: 2,
    }));
    index.set([pour, stir] as unknown as SegmentInfo[]);
    const before = index.ofLabel('stir');
    index.change(new Map([['pour', null]]));
    expect(index.ofLabel('stir')).toBe(before);
    expect(index.all).toHaveLength(1);
  });
});
