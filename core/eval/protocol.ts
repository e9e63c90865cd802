/**
 * Which tIoU thresholds a benchmark averages over.
 *
 * ActivityNet and HACS: .50:.05:.95; THUMOS14: .3:.1:.7; EPIC-KITCHENS and Ego4D: .1:.1:.5; MultiTHUMOS and Charades: .1:.1:.9.
 * Thresholds are spaced as `numpy.linspace` does it, to the last bit: a tIoU that equals a threshold must fall on the same side.
 */
import { StudioError } from '#core/contract/errors';

/** Protocols by the names of the command line. */
export const PROTOCOLS = ['activitynet', 'hacs', 'thumos14', 'epic', 'multithumos', 'custom'] as const;

/** A protocol's name. */
export type ProtocolName = (typeof PROTOCOLS)[number];

/** First threshold, last threshold, and their distance. */
export interface TiouRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

const RANGES: Readonly<Record<Exclude<ProtocolName, 'custom'>, readonly [number, number, number]>> = {
  activitynet: [0.5, 0.95, 10],
  hacs: [0.5, 0.95, 10],
  thumos14: [0.3, 0.7, 5],
  epic: [0.1, 0.5, 5],
  multithumos: [0.1, 0.9, 9],
};

/** `count` numbers from first to last, both included, spaced as `numpy.linspace` spaces them. */
export function linspace(first: number, last: number, count: number): number[] {
  if (count === 1) return [first];
  const step = (last - first) / (count - 1);
  const values = Array.from({ length: count }, (_, index) => index * step + first);
  values[count - 1] = last;
  return values;
}

/** Whether a text names a protocol. */
export function isProtocolName(name: string): name is ProtocolName {
  return (PROTOCOLS as readonly string[]).includes(name);
}

/**
 * `0.3:0.7:0.1` (first, last, step), or one threshold (`0.5`).
 *
 * @throws StudioError `wrong-usage` when the text is something else
 */
export function parseTiouRange(text: string): TiouRange {
  const parts = text.split(':').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [first, last = first, step = 0.1] = parts;
  const valid =
    (parts.length === 1 || parts.length === 3) &&
    first !== undefined &&
    last !== undefined &&
    parts.every(Number.isFinite) &&
    first > 0 &&
    last >= first &&
    last <= 1 &&
    step > 0;
  if (!valid) {
    throw new StudioError(
      'wrong-usage',
      `tIoU thresholds are written FIRST:LAST:STEP with 0 < FIRST ≤ LAST ≤ 1, for example 0.3:0.7:0.1; got “${text}”.`,
    );
  }
  return { first, last, step };
}

/**
 * The thresholds of a protocol; `custom` takes them from `range`, which otherwise replaces the protocol's own.
 *
 * @throws StudioError `wrong-usage` for `custom` without a range
 */
export function tiousOf(protocol: ProtocolName, range?: TiouRange): number[] {
  if (range !== undefined) {
    const count = Math.floor((range.last - range.first) / range.step + 1e-6) + 1;
    const reached = range.first + (count - 1) * range.step;
    return linspace(range.first, Math.abs(reached - range.last) < 1e-6 ? range.last : reached, count);
  }
  if (protocol === 'custom') {
    throw new StudioError(
      'wrong-usage',
      'The custom protocol needs its thresholds: --tiou FIRST:LAST:STEP, for example 0.3:0.7:0.1.',
    );
  }
  return linspace(...RANGES[protocol]);
}

/** A threshold as a key of results: two decimals (`0.50`), more only where two would not tell it from another. */
export function tiouKey(tiou: number): string {
  const short = tiou.toFixed(2);
  return Math.abs(Number(short) - tiou) < 1e-9 ? short : String(Number(tiou.toPrecision(12)));
}
