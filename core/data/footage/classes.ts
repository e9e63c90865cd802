/**
 * The actions of the generated footage: motions that differ over time, never by look.
 *
 * Two disjoint sets: `SOURCE_CLASSES` play the role of Kinetics (trimmed clips, stage 1), `TARGET_CLASSES` are what the demo localises.
 * Every motion also occurs between the actions as an unlabelled fidget, so that only the onset and offset gestures tell where an action is.
 */

/** Classes of the trimmed clips that the small encoder is pre-trained on. */
export const SOURCE_CLASSES = [
  'rotate-clockwise',
  'rotate-fast',
  'circle-counterclockwise',
  'shuttle-vertical-slow',
  'shuttle-horizontal-fast',
  'approach',
  'retreat',
  'blink-fast',
  'figure-eight',
  'swing-fast',
] as const;

/** Classes of the untrimmed videos. */
export const TARGET_CLASSES = [
  'rotate-counterclockwise',
  'circle-clockwise',
  'shuttle-horizontal-slow',
  'bounce',
  'pulse',
  'blink-slow',
  'zigzag',
  'swing-slow',
] as const;

/** A motion that the actor knows. */
export type MotionName = (typeof SOURCE_CLASSES)[number] | (typeof TARGET_CLASSES)[number];

/** All motions: what fidgets are drawn from. */
export const ALL_MOTIONS: readonly MotionName[] = [...SOURCE_CLASSES, ...TARGET_CLASSES];

/** What a motion adds to the actor at one moment. */
export interface MotionOffset {
  /** In units of the actor's amplitude. */
  x: number;
  y: number;
  /** Added to the logarithm of the radius. */
  logRadius: number;
  /** Radians a second. */
  angularVelocity: number;
  /** Added to the brightness factor. */
  brightness: number;
}

/** Motions whose phase is a fraction of their period, not an angle. */
export function hasSawtoothPhase(name: MotionName): boolean {
  return name === 'approach' || name === 'retreat';
}

const TURN = 2 * Math.PI;

function fraction(value: number): number {
  return value - Math.floor(value);
}

/** Writes the offset of a motion at local time `t` seconds into `out`. */
export function motionAt(name: MotionName, t: number, phase: number, out: MotionOffset): void {
  out.x = 0;
  out.y = 0;
  out.logRadius = 0;
  out.angularVelocity = 0;
  out.brightness = 0;
  const angle = (frequency: number): number => TURN * frequency * t + phase;
  switch (name) {
    case 'rotate-clockwise':
      out.angularVelocity = 2.2;
      break;
    case 'rotate-counterclockwise':
      out.angularVelocity = -2.2;
      break;
    case 'rotate-fast':
      out.angularVelocity = 5;
      break;
    case 'circle-counterclockwise':
      out.x = Math.cos(angle(0.6));
      out.y = -Math.sin(angle(0.6));
      break;
    case 'circle-clockwise':
      out.x = Math.cos(angle(0.6));
      out.y = Math.sin(angle(0.6));
      break;
    case 'shuttle-vertical-slow':
      out.y = Math.sin(angle(0.55));
      break;
    case 'shuttle-horizontal-fast':
      out.x = Math.sin(angle(1.3));
      break;
    case 'shuttle-horizontal-slow':
      out.x = Math.sin(angle(0.55));
      break;
    case 'approach':
      out.logRadius = 0.8 * (fraction(t / 2.2 + phase) - 0.4);
      break;
    case 'retreat':
      out.logRadius = 0.8 * (0.6 - fraction(t / 2.2 + phase));
      break;
    case 'pulse':
      out.logRadius = 0.45 * Math.sin(angle(0.8));
      break;
    case 'blink-fast':
      out.brightness = Math.sin(angle(1.5)) > 0 ? -0.4 : 0;
      break;
    case 'blink-slow':
      out.brightness = Math.sin(angle(0.7)) > 0 ? -0.4 : 0;
      break;
    case 'figure-eight':
      out.x = Math.sin(angle(0.5));
      out.y = 0.7 * Math.sin(TURN * t + 2 * phase);
      break;
    case 'bounce':
      out.y = 1 - 2 * Math.abs(Math.sin(angle(0.5)));
      break;
    case 'zigzag':
      out.x = (2 / Math.PI) * Math.asin(Math.sin(angle(0.8)));
      out.y = out.x;
      break;
    case 'swing-fast':
      out.angularVelocity = TURN * 1.3 * Math.cos(angle(1.3));
      break;
    case 'swing-slow':
      out.angularVelocity = TURN * 0.6 * Math.cos(angle(0.6));
      break;
  }
}
