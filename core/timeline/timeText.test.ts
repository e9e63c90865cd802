import { describe, expect, it } from 'vitest';
import { clockText, durationText, parseTime, timecodeText } from './timeText.ts';

describe('time as text', () => {
  it('writes clocks', () => {
    expect(clockText(41.2334)).toBe('00:41.233');
    expect(clockText(59.9996)).toBe('01:00.000');
    expect(clockText(3723.5, 1)).toBe('1:02:03.5');
    expect(clockText(-0.5)).toBe('−00:00.500');
    expect(clockText(125, 0)).toBe('02:05');
  });

  it('writes durations: seconds under a minute, minutes above', () => {
    expect(durationText(4.24)).toBe('4.2 s');
    expect(durationText(0.166)).toBe('0.17 s');
    expect(durationText(64.2)).toBe('1:04.2');
    expect(durationText(59.97)).toBe('1:00.0');
    expect(durationText(7384)).toBe('2:03:04');
  });

  it('writes timecode at the nominal rate', () => {
    expect(timecodeText(1237, 29.97)).toBe('00:00:41:07');
  });

  it('reads what it writes, and steps', () => {
    expect(parseTime('00:41.233', 30)).toEqual({ kind: 'seconds', sec: 41.233, relative: 0 });
    expect(parseTime('1:02:03', 30)).toEqual({ kind: 'seconds', sec: 3723, relative: 0 });
    expect(parseTime('00:00:41:07', 29.97)).toEqual({ kind: 'frame', frame: 1237, relative: 0 });
    expect(parseTime('f1237', 30)).toEqual({ kind: 'frame', frame: 1237, relative: 0 });
    expect(parseTime('+12f', 30)).toEqual({ kind: 'frame', frame: 12, relative: 1 });
    expect(parseTime('−2,5', 30)).toEqual({ kind: 'seconds', sec: 2.5, relative: -1 });
    expect(parseTime('3 s', 30)).toEqual({ kind: 'seconds', sec: 3, relative: 0 });
  });

  it('refuses what is not a time', () => {
    for (const text of ['', 'abc', '1:2:3:4:5', '1..2', ':', 'f', '12x']) {
      expect(parseTime(text, 30)).toBeNull();
    }
  });
});
