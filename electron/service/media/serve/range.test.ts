import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRange, rangeHeaders } from './range.ts';

describe('parseRange', () => {
  it('reads all three forms', () => {
    expect(parseRange('bytes=0-0', 10)).toEqual({ status: 206, start: 0, end: 0 });
    expect(parseRange('bytes=3-6', 10)).toEqual({ status: 206, start: 3, end: 6 });
    expect(parseRange('bytes=3-', 10)).toEqual({ status: 206, start: 3, end: 9 });
    expect(parseRange('bytes=-4', 10)).toEqual({ status: 206, start: 6, end: 9 });
  });

  it('cuts an end beyond the size, and a suffix longer than the file', () => {
    expect(parseRange('bytes=8-10', 10)).toEqual({ status: 206, start: 8, end: 9 });
    expect(parseRange('bytes=0-99999999999', 10)).toEqual({ status: 206, start: 0, end: 9 });
    expect(parseRange('bytes=-99', 10)).toEqual({ status: 206, start: 0, end: 9 });
  });

  it('refuses what lies outside', () => {
    for (const header of ['bytes=10-', 'bytes=10-20', 'bytes=-0'])
      expect(parseRange(header, 10)).toEqual({ status: 416 });
    for (const header of ['bytes=0-', 'bytes=-1', 'bytes=0-0'])
      expect(parseRange(header, 0)).toEqual({ status: 416 });
    expect(rangeHeaders({ status: 416 }, 10)['Content-Range']).toBe('bytes */10');
  });

  it('sends the whole file without a header and for one that is no valid range', () => {
    const whole = { status: 200, start: 0, end: 9 };
    for (const header of [
      undefined,
      'bytes=',
      'bytes=-',
      'bytes=5-2',
      'items=0-1',
      'bytes=0-1,3-4',
      'bytes=a-b',
      'bytes=1.5-3',
    ]) {
      expect(parseRange(header, 10)).toEqual(whole);
    }
    expect(parseRange(undefined, 0)).toEqual({ status: 200, start: 0, end: -1 });
    expect(rangeHeaders(parseRange(undefined, 0), 0)['Content-Length']).toBe('0');
  });

  it('never answers bytes that the file does not have', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.option(fc.nat()), fc.option(fc.nat()), (noise, size, a, b) => {
        for (const header of [noise, `bytes=${a ?? ''}-${b ?? ''}`]) {
          const answer = parseRange(header, size);
          if (answer.status === 416) continue;
          const length = answer.end - answer.start + 1;
          expect(answer.start >= 0 && answer.end < size && (length > 0 || size === 0)).toBe(true);
          expect(Number(rangeHeaders(answer, size)['Content-Length'])).toBe(length);
        }
      }),
    );
  });
});
