/**
 * Time as text and back, one way for the whole program: clocks in tabular figures, durations short, timecode at a nominal rate.
 */

const two = (value: number): string => String(value).padStart(2, '0');

/** `00:41.233`, `1:02:03.500`: minutes and seconds always, hours when there are any. */
export function clockText(sec: number, decimals = 3): string {
  const factor = 10 ** decimals;
  const total = Math.round(Math.abs(sec) * factor);
  const whole = Math.floor(total / factor);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const fraction = decimals === 0 ? '' : `.${String(total % factor).padStart(decimals, '0')}`;
  const head = hours > 0 ? `${hours}:${two(minutes)}` : two(minutes);
  return `${sec < 0 && total > 0 ? '−' : ''}${head}:${two(whole % 60)}${fraction}`;
}

/** A length: `4.2 s` under a minute, `1:04.2` above, `1:02:03` from an hour on. */
export function durationText(sec: number): string {
  if (sec < 59.95) {
    return sec < 1 && sec > 0 ? `${sec.toFixed(2)} s` : `${sec.toFixed(1)} s`;
  }
  if (sec < 3600) {
    const tenths = Math.round(sec * 10);
    return `${Math.floor(tenths / 600)}:${two(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
  }
  const whole = Math.round(sec);
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** `00:00:41:07`: hours, minutes, seconds, frames at the nominal whole rate, without dropping numbers. */
export function timecodeText(frame: number, framesPerSec: number): string {
  const rate = Math.max(1, Math.round(framesPerSec));
  const seconds = Math.floor(frame / rate);
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60, frame % rate]
    .map(two)
    .join(':');
}

/** What a person may type to go somewhere. */
export type TimeInput =
  | { readonly kind: 'seconds'; readonly sec: number; readonly relative: -1 | 0 | 1 }
  | { readonly kind: 'frame'; readonly frame: number; readonly relative: -1 | 0 | 1 };

/**
 * Reads `41.233`, `0:41.2`, `1:02:03`, `00:00:41:07` (timecode), `f1237` or `1237f`, each with `+` or `-` for a step.
 *
 * @returns null when it is none of these
 */
export function parseTime(text: string, framesPerSec: number): TimeInput | null {
  const trimmed = text.trim().toLowerCase().replace('−', '-').replace(',', '.');
  const relative = trimmed.startsWith('+') ? 1 : trimmed.startsWith('-') ? -1 : 0;
  const body = relative === 0 ? trimmed : trimmed.slice(1).trim();
  const frame = /^(?:f\s*(\d+)|(\d+)\s*f)$/.exec(body);
  if (frame !== null) {
    return { kind: 'frame', frame: Number(frame[1] ?? frame[2]), relative };
  }
  if (!/^[\d:.;]+\s*s?$/.test(body) || !/\d/.test(body)) {
    return null;
  }
  const parts = body.replace(/\s*s$/, '').replaceAll(';', ':').split(':');
  if (parts.some((part) => !/^\d*\.?\d*$/.test(part) || part === '' || part === '.') || parts.length > 4) {
    return null;
  }
  const numbers = parts.map(Number);
  if (numbers.length === 4) {
    const [hours, minutes, seconds, frames] = numbers as [number, number, number, number];
    const rate = Math.max(1, Math.round(framesPerSec));
    return { kind: 'frame', frame: ((hours * 60 + minutes) * 60 + seconds) * rate + frames, relative };
  }
  return { kind: 'seconds', sec: numbers.reduce((sum, value) => sum * 60 + value, 0), relative };
}
