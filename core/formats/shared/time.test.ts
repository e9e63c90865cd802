import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchKey, videoStem } from './names.ts';
import { formatClock, framesToSeconds, parseClock, parseFrameRate, secondsToFrames } from './time.ts';

describe('time', () => {
  it('turns half-open seconds into inclusive frames from 1 and back, for every rate in use', () => {
    const rates = ['24000/1001', '25', '30000/1001', '60', '12.5'].map(parseFrameRate);
    fc.assert(
      fc.property(
        fc.constantFrom(...rates),
        fc.integer({ min: 1, max: 500_000 }),
        fc.nat(5000),
        (rate, first, more) => {
          const { startSec, endSec } = framesToSeconds(first, first + more, rate);
          expect(secondsToFrames(startSec, endSec, rate)).toEqual({ first, last: first + more });
        },
      ),
    );
  });

  it('rounds outwards and keeps at least one frame', () => {
    expect(secondsToFrames(1, 2, parseFrameRate('30000/1001'))).toEqual({ first: 30, last: 60 });
    expect(secondsToFrames(1, 1, parseFrameRate('25'))).toEqual({ first: 26, last: 26 });
    expect(secondsToFrames(0.1, 0.3, parseFrameRate('30'))).toEqual({ first: 4, last: 9 });
  });

  it('reads and writes clock times', () => {
    expect(['01:02:03.45', '2:03,5', '75.5', '-1'].map(parseClock)).toEqual([3723.45, 123.5, 75.5, -1]);
    expect(parseClock('1:2:3:4')).toBeNaN();
    expect(formatClock(3723.449, 2)).toBe('01:02:03.45');
    expect(formatClock(59.999, 2)).toBe('00:01:00.00');
  });

  it('refuses rates that are none', () => {
    for (const text of ['0', '30/0', 'fast', '']) expect(() => parseFrameRate(text)).toThrow(/frame rate/);
  });
});

describe('names of videos', () => {
  it('match without folder, media extension and leading v_', () => {
    expect(['/data/v_abc.mp4', 'C:\\clips\\abc.MKV', 'abc', 'v_abc'].map(matchKey)).toEqual([
      'abc',
      'abc',
      'abc',
      'abc',
    ]);
    expect(videoStem('take.1.final.mov')).toBe('take.1.final');
    expect(matchKey('e\u0301.mp4')).toBe(matchKey('é'));
  });
});
