/**
 * Seconds, frames and clock times of annotation files.
 *
 * Half-open [start, end) in seconds ↔ inclusive 1-based frames: first = ⌊s·fps⌋ + 1, last = max(first, ⌈e·fps⌉).
 */
import { StudioError } from '#core/contract/errors';
import { parseDecimal } from './table.ts';

/** A rate as a fraction, frames per second. */
export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

/**
 * `30000/1001`, `25`, `29.97`.
 *
 * @throws StudioError `wrong-usage` when it is not a positive rate
 */
export function parseFrameRate(text: string): FrameRate {
  const match = /^\s*(\d+(?:\.\d+)?)\s*(?:\/\s*(\d+(?:\.\d+)?))?\s*$/.exec(text);
  const numerator = Number(match?.[1]);
  const denominator = Number(match?.[2] ?? 1);
  if (!(numerator > 0 && denominator > 0)) {
    throw new StudioError('wrong-usage', `A frame rate is written like 25 or 30000/1001; got “${text}”.`);
  }
  return { numerator, denominator };
}

/** Frames per second as one number. */
export function framesPerSecond(rate: FrameRate): number {
  return rate.numerator / rate.denominator;
}

/** A product that is a whole number but for rounding is that number: 0.1 s at 30 fps is 3 frames, not 3.0000000000000004. */
function settle(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(value - nearest) < 1e-6 ? nearest : value;
}

/** Half-open seconds as inclusive frames counted from 1. */
export function secondsToFrames(
  startSec: number,
  endSec: number,
  rate: FrameRate,
): { first: number; last: number } {
  const frames = (sec: number): number => settle((sec * rate.numerator) / rate.denominator);
  const first = Math.floor(frames(startSec)) + 1;
  return { first, last: Math.max(first, Math.ceil(frames(endSec))) };
}

/** Inclusive frames counted from 1 as half-open seconds. */
export function framesToSeconds(
  first: number,
  last: number,
  rate: FrameRate,
): { startSec: number; endSec: number } {
  const seconds = (frame: number): number => (frame * rate.denominator) / rate.numerator;
  return { startSec: seconds(first - 1), endSec: seconds(last) };
}

/** `HH:MM:SS.ss`, `MM:SS`, or plain seconds, with point or comma, as seconds; NaN for anything else. */
export function parseClock(text: string): number {
  const match = /^\s*(-)?(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:[.,]\d*)?)\s*$/.exec(text);
  if (match === null) return Number.NaN;
  const [, sign, hours = '0', minutes = '0', seconds = ''] = match;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds.replace(',', '.'));
  return sign === undefined ? total : -total;
}

/** Seconds as a decimal number, or a clock time; NaN for anything else. */
export function parseTime(text: string): number {
  const decimal = parseDecimal(text);
  return Number.isNaN(decimal) ? parseClock(text) : decimal;
}

/** Seconds as `HH:MM:SS.ss` with so many decimals. */
export function formatClock(sec: number, decimals: number): string {
  const scale = 10 ** decimals;
  const units = Math.round(sec * scale);
  const whole = Math.floor(units / scale);
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  const fraction = decimals > 0 ? `.${pad(units % scale, decimals)}` : '';
  return `${pad(Math.floor(whole / 3600))}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}${fraction}`;
}
