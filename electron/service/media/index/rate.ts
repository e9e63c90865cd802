/**
 * Whether one rate explains every timestamp of a video, and which. Container headers are not believed: they are wrong for GIF and for
 * every variable-rate file.
 */
import type { Rational } from '#core/contract/info';

/** The rate of a list of timestamps. */
export interface RateFit {
  /** True when no single rate puts every frame within one tick of its timestamp. */
  readonly isVfr: boolean;
  /** Frames a second. */
  readonly rate: Rational;
}

function spread(pts: Float64Array, ticks: number): number {
  const first = pts[0]!;
  let low = 0;
  let high = 0;
  for (let i = 1; i < pts.length; i += 1) {
    const off = pts[i]! - first - ticks * i;
    if (off < low) low = off;
    else if (off > high) high = off;
  }
  return high - low;
}

/** The fraction with the smallest denominator in [low, high] (Stern–Brocot). */
export function simplestBetween(low: number, high: number): Rational {
  const whole = Math.floor(low);
  if (whole >= low) return { num: whole, den: 1 };
  if (whole + 1 <= high) return { num: whole + 1, den: 1 };
  const rest = simplestBetween(1 / (high - whole), 1 / (low - whole));
  return { num: whole * rest.num + rest.den, den: rest.num };
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** Rates that cameras and editors write; tried first. */
const KNOWN: readonly Rational[] = [
  ...[24000, 30000, 48000, 60000, 120000].map((num) => ({ num, den: 1001 })),
  ...[1, 5, 6, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 200, 240].map((num) => ({
    num,
    den: 1,
  })),
];

/**
 * Fits one rate.
 *
 * @param pts presentation order, integers in `timeBase`
 * @param declared the container's own rate, used where it fits
 */
export function fitRate(
  pts: Float64Array,
  endPts: number,
  timeBase: Rational,
  declared: readonly Rational[],
): RateFit {
  const count = pts.length;
  const span = count > 1 ? pts[count - 1]! - pts[0]! : endPts - (pts[0] ?? 0);
  const intervals = Math.max(1, count > 1 ? count - 1 : count);
  if (!(span > 0))
    return {
      isVfr: false,
      rate: declared.find((rate) => rate.num > 0 && rate.den > 0) ?? { num: 0, den: 1 },
    };
  const ticksOf = (rate: Rational): number => (rate.den * timeBase.den) / (rate.num * timeBase.num);
  const mean = span / intervals;
  const near = (rate: Rational): boolean =>
    rate.num > 0 && rate.den > 0 && Math.abs(ticksOf(rate) - mean) * intervals <= (count < 3 ? 0.5 : 2);
  for (const rate of [...declared, ...KNOWN]) {
    if (near(rate) && (count < 3 || spread(pts, ticksOf(rate)) <= 2))
      return { isVfr: false, rate: { num: rate.num, den: rate.den } };
  }
  let low = mean - 2 / intervals;
  let high = mean + 2 / intervals;
  const reduced = (): Rational => {
    const num = intervals * timeBase.den;
    const den = span * timeBase.num;
    const shared = gcd(num, den);
    return { num: num / shared, den: den / shared };
  };
  if (count > 2) {
    if (spread(pts, mean) > 6) return { isVfr: true, rate: reduced() };
    for (let i = 0; i < 40 && high - low > 1e-9 / intervals; i += 1) {
      const a = low + (high - low) / 3;
      const b = high - (high - low) / 3;
      if (spread(pts, a) < spread(pts, b)) high = b;
      else low = a;
    }
    const best = (low + high) / 2;
    if (spread(pts, best) > 2) return { isVfr: true, rate: reduced() };
    const slack = 0.5 / intervals;
    low = best - slack;
    high = best + slack;
  }
  const perSecond = timeBase.den / timeBase.num;
  return { isVfr: false, rate: count > 2 ? simplestBetween(perSecond / high, perSecond / low) : reduced() };
}
