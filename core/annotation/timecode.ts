/**
 * Timecodes: how time is written for people, and read back from what they type.
 *
 * `hh:mm:ss.mmm` (clock), frame numbers, and SMPTE-like `hh:mm:ss:ff` with drop-frame counting (`;`) for 29.97 and 59.94.
 */
import {
  frameAtPts,
  frameAtSec,
  ptsOfFrame,
  ptsToSec,
  secToPts,
  type FrameTimes,
  type Ratio,
} from './timebase.ts';

/** How time is shown. */
export type TimecodeStyle = 'clock' | 'frames' | 'smpte';

const two = (value: number): string => String(value).padStart(2, '0');

/** `h:mm:ss.mmm` of seconds; the hour is left out below one hour unless asked for. */
export function formatClock(
  sec: number,
  { hours = sec >= 3600, decimals = 3 }: { readonly hours?: boolean; readonly decimals?: number } = {},
): string {
  const factor = 10 ** decimals;
  let rest = Math.round(Math.abs(sec) * factor);
  const fraction = rest % factor;
  rest = Math.floor(rest / factor);
  const seconds = rest % 60;
  const minutes = Math.floor(rest / 60) % 60;
  const hour = Math.floor(rest / 3600);
  const sign = sec < 0 && (rest > 0 || fraction > 0) ? '−' : '';
  const tail = decimals > 0 ? `.${String(fraction).padStart(decimals, '0')}` : '';
  return `${sign}${hours || hour > 0 ? `${two(hour)}:` : ''}${two(minutes)}:${two(seconds)}${tail}`;
}

/** Seconds of `12.5`, `1:02.5`, `1:02:03.25`; a comma may stand for the point. Null for anything else. */
export function parseClock(text: string): number | null {
  const match = /^\s*([-−]?)(?:(?:(\d+):)?(\d+):)?(\d+)(?:[.,](\d+))?\s*s?\s*$/.exec(text);
  if (match === null) return null;
  const [, sign, hours, minutes, seconds, fraction] = match;
  if (minutes !== undefined && Number(seconds) >= 60) return null;
  if (hours !== undefined && Number(minutes) >= 60) return null;
  const whole = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds);
  const value = Number(`${whole}.${fraction ?? '0'}`);
  return sign === '' ? value : -value;
}

/** Whether a rate is counted with dropped numbers: 30000/1001 and 60000/1001. */
export function isDropRate({ num, den }: Ratio): boolean {
  return den === 1001 && (num === 30000 || num === 60000);
}

/** `hh:mm:ss:ff` of a frame number at a constant rate; `;` before the frames where numbers are dropped. */
export function formatSmpte(frame: number, rate: Ratio): string {
  const nominal = Math.max(1, Math.round(rate.num / rate.den));
  let number = Math.max(0, frame);
  const drops = isDropRate(rate);
  if (drops) {
    const dropped = nominal / 15;
    const perMinute = nominal * 60 - dropped;
    const perTen = perMinute * 10 + dropped;
    const tens = Math.floor(number / perTen);
    const rest = number % perTen;
    number += dropped * 9 * tens + (rest > dropped ? dropped * Math.floor((rest - dropped) / perMinute) : 0);
  }
  const seconds = Math.floor(number / nominal);
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${drops ? ';' : ':'}${two(number % nominal)}`;
}

/** Frame number of `hh:mm:ss:ff` or `hh:mm:ss;ff`; null for anything else and for numbers that drop-frame counting leaves out. */
export function parseSmpte(text: string, rate: Ratio): number | null {
  const match = /^\s*(\d+):(\d{1,2}):(\d{1,2})[:;](\d{1,3})\s*$/.exec(text);
  if (match === null) return null;
  const [hours, minutes, seconds, frames] = match.slice(1).map(Number) as [number, number, number, number];
  const nominal = Math.max(1, Math.round(rate.num / rate.den));
  if (minutes >= 60 || seconds >= 60 || frames >= nominal) return null;
  const number = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames;
  if (!isDropRate(rate)) return number;
  const dropped = nominal / 15;
  if (seconds === 0 && frames < dropped && minutes % 10 !== 0) return null;
  const total = hours * 60 + minutes;
  return number - dropped * (total - Math.floor(total / 10));
}

/** A PTS in the style that the person chose. Times count from the first frame. */
export function formatPts(times: FrameTimes, pts: number, style: TimecodeStyle, rate: Ratio): string {
  switch (style) {
    case 'clock':
      return formatClock(ptsToSec(pts - (times.pts[0] ?? 0), times.timeBase));
    case 'frames':
      return String(frameAtPts(times, pts));
    case 'smpte':
      return formatSmpte(frameAtPts(times, pts), rate);
  }
}

/** What a person typed, as the PTS of a frame that exists; null when it is no time. */
export function parsePts(times: FrameTimes, text: string, style: TimecodeStyle, rate: Ratio): number | null {
  const smpte = parseSmpte(text, rate);
  if (smpte !== null) return ptsOfFrame(times, Math.min(smpte, times.pts.length - 1));
  if (style === 'frames' && /^\s*\d+\s*$/.test(text))
    return ptsOfFrame(times, Math.min(Number(text), times.pts.length - 1));
  const sec = parseClock(text);
  if (sec === null) return null;
  const first = times.pts[0] ?? 0;
  const time = first + secToPts(sec, times.timeBase);
  const frame = frameAtPts(times, time);
  // Half a millisecond of rounding in what was shown must lead back to the same frame.
  const next = frame + 1 < times.pts.length ? ptsOfFrame(times, frame + 1) : Infinity;
  return ptsToSec(next - time, times.timeBase) <= 0.0005 ? next : ptsOfFrame(times, Math.max(0, frame));
}

/** As `frameAtSec`, counted from the first frame. */
export function frameAtOffsetSec(times: FrameTimes, sec: number): number {
  return frameAtSec(times, sec + ptsToSec(times.pts[0] ?? 0, times.timeBase));
}
