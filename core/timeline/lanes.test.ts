import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hitLane, partAt } from './hitTest.ts';
import { buildLane, laneAtY, laneWindow, layoutLanes, visitLane } from './lanes.ts';

const item = (id: string, startSec: number, endSec: number) => ({ id, startSec, endSec });
const view = { startSec: 0, pxPerSec: 10, widthPx: 1000 };

const itemsArbitrary = fc
  .array(fc.tuple(fc.double({ min: 0, max: 90, noNaN: true }), fc.double({ min: 0, max: 12, noNaN: true })), {
    maxLength: 60,
  })
  .map((pairs) => pairs.map(([start, length], i) => item(String(i), start, start + length)));

describe('lanes', () => {
  it('puts overlapping items on different rows and others on the first', () => {
    const lane = buildLane([item('c', 5, 6), item('a', 0, 4), item('b', 2, 5)]);
    expect(lane.items.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect([...lane.row]).toEqual([0, 1, 0]);
    expect(lane.rows).toBe(2);
  });

  it('windows every item that touches a stretch', () => {
    fc.assert(
      fc.property(itemsArbitrary, fc.double({ min: 0, max: 80, noNaN: true }), (items, from) => {
        const to = from + 7;
        const lane = buildLane(items);
        const [first, last] = laneWindow(lane, from, to);
        const inside = new Set(lane.items.slice(first, last).map(({ id }) => id));
        for (const one of items) {
          if (one.endSec >= from && one.startSec <= to) {
            expect(inside.has(one.id)).toBe(true);
          }
        }
      }),
    );
  });

  it('visits every item in view exactly once, alone or joined', () => {
    fc.assert(
      fc.property(itemsArbitrary, fc.double({ min: 0.1, max: 100, noNaN: true }), (items, pxPerSec) => {
        let visited = 0;
        visitLane(
          buildLane(items),
          { startSec: -1, pxPerSec, widthPx: 110 * pxPerSec },
          (x0, x1, _row, _first, count) => {
            visited += count;
            expect(x1).toBeGreaterThanOrEqual(x0);
          },
        );
        expect(visited).toBe(items.length);
      }),
    );
  });

  it('joins what is thinner than a pixel', () => {
    const lane = buildLane(
      Array.from({ length: 10_000 }, (_, i) => item(String(i), i * 0.01, i * 0.01 + 0.005)),
    );
    const blocks: number[] = [];
    visitLane(lane, view, (_x0, _x1, _row, _first, count) => blocks.push(count));
    expect(blocks.length).toBe(1);
    expect(blocks[0]).toBe(10_000);
  });

  it('finds edges and bodies, and lets the selected one win', () => {
    const lane = buildLane([item('long', 10, 60), item('short', 20, 22)]);
    expect(hitLane(lane, view, 102, 0)).toEqual({ index: 0, part: 'start' });
    expect(hitLane(lane, view, 596, 0)).toEqual({ index: 0, part: 'end' });
    expect(hitLane(lane, view, 300, 0)).toEqual({ index: 0, part: 'body' });
    expect(hitLane(lane, view, 210, 1)).toEqual({ index: 1, part: 'body' });
    expect(hitLane(lane, view, 700, 0)).toBeNull();
    const stacked = buildLane([item('a', 10, 20), item('b', 20, 40)]);
    expect(hitLane(stacked, view, 200, 0, (id) => id === 'b')).toEqual({ index: 1, part: 'start' });
    expect(hitLane(stacked, view, 200, 0, (id) => id === 'a')).toEqual({ index: 0, part: 'end' });
  });

  it('leaves a body to every segment, however thin', () => {
    expect(partAt(104.5, 100, 109)).toBe('body');
    expect(partAt(100, 100, 100)).toBe('body');
    expect(partAt(115, 100, 100)).toBeNull();
  });

  it('finds the lane at a height', () => {
    const layout = layoutLanes([1, 2, 1], 24, 13);
    expect(layout.totalPx).toBe(85);
    expect([0, 23, 24, 60, 61, 84, 85].map((y) => laneAtY(layout, y))).toEqual([0, 0, 1, 1, 2, 2, -1]);
  });
});
