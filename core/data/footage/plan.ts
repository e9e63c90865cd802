/**
 * What happens in a generated video: where the actions are and how every object moves, frame by frame.
 *
 * One actor acts; up to two distractors drift. An action is an onset gesture (squash), the class's motion, and an offset gesture (stretch); the
 * gestures are the same in every class, so a classifier has no use for them and a localiser does. Between actions the actor fidgets: the same
 * motions at full strength, without gestures and without labels. Action boundaries lie on frames.
 */
import type { LabelledSegment } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';
import type { Random } from '#core/util/random';
import { ALL_MOTIONS, hasSawtoothPhase, motionAt } from './classes.ts';
import type { MotionName, MotionOffset } from './classes.ts';

/** Shape of the footage. Times in seconds; lengths in pixels are for a side of 64 and scale with `side`. */
export interface FootageConfig {
  readonly side: number;
  readonly framesPerSecond: number;
  readonly durationSec: readonly [number, number];
  readonly actionSec: readonly [number, number];
  readonly gapSec: readonly [number, number];
  readonly gestureSec: number;
  readonly gestureStrength: number;
  /** Share of the possible fidgets that take place. */
  readonly fidgetRate: number;
  readonly fidgetStrength: readonly [number, number];
  readonly maxDistractors: number;
  /** Standard deviation of the pixel noise, of 255. */
  readonly noise: number;
  /** Standard deviation of the camera shake in pixels. */
  readonly shake: number;
}

/** The footage with strong fidgets, in which a frozen classification encoder is worse at boundaries than a tuned one. */
export const DEFAULT_FOOTAGE: FootageConfig = {
  side: 64,
  framesPerSecond: 6,
  durationSec: [40, 90],
  actionSec: [1.5, 12],
  gapSec: [1.5, 9],
  gestureSec: 0.9,
  gestureStrength: 0.45,
  fidgetRate: 0.9,
  fidgetStrength: [0.7, 1.1],
  maxDistractors: 2,
  noise: 5,
  shake: 0.7,
};

/** Numbers of one object in one frame, in this order. */
export const OBJECT_FIELDS = 14;
/** Numbers of the camera in one frame: x, y, gain, texture scale. */
export const CAMERA_FIELDS = 4;

/** Everything that the renderer needs. */
export interface Scene {
  readonly side: number;
  readonly frameCount: number;
  readonly objectCount: number;
  /** float64 [frames, objects, 14]: x, y, radius, angle, scale x, scale y, colour (3), marker colour (3), brightness, shape */
  readonly objects: Float64Array;
  /** float64 [frames, 4] */
  readonly camera: Float64Array;
  /** float64 [32, 32, 3] */
  readonly texture: Float64Array;
  readonly noise: number;
  readonly noiseSeed: number;
}

/** A planned video. */
export interface FootagePlan {
  readonly scene: Scene;
  readonly durationSec: number;
  readonly segments: readonly LabelledSegment[];
}

function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** A first-order autoregressive wander with time constant `tauSec` and standard deviation `deviation`. */
function wander(random: Random, count: number, tauSec: number, fps: number, deviation: number): Float64Array {
  const keep = Math.exp(-1 / (tauSec * fps));
  const kick = Math.sqrt(1 - keep * keep) * deviation;
  const values = new Float64Array(count);
  let value = random.normal() * deviation;
  for (let i = 0; i < count; i += 1) {
    value = keep * value + random.normal() * kick;
    values[i] = value;
  }
  return values;
}

/** Draws after which the shortest action is taken where hardly any fits. */
const MAX_DRAWS = 1000;
/** Nothing happens in the last second. */
const QUIET_END_SEC = 1;

/**
 * Actions of one video: log-uniform lengths and uniform gaps, boundaries on frames, at least one action.
 *
 * @throws StudioError `wrong-usage` when not even the shortest action fits
 */
export function planActions(
  random: Random,
  durationSec: number,
  classes: readonly MotionName[],
  config: FootageConfig,
): LabelledSegment[] {
  const fps = config.framesPerSecond;
  const snap = (sec: number): number => Math.round(sec * fps) / fps;
  const [firstGapSec, shortestSec] = [config.gapSec[0], config.actionSec[0]];
  const neededSec = firstGapSec + shortestSec + QUIET_END_SEC;
  if (!(durationSec >= neededSec)) {
    throw new StudioError(
      'wrong-usage',
      `Footage of ${durationSec} s is too short for an action: it takes at least ${neededSec} s. Ask for longer videos.`,
    );
  }
  for (let draw = 0; draw < MAX_DRAWS; draw += 1) {
    const segments: LabelledSegment[] = [];
    let at = random.uniform(config.gapSec[0], config.gapSec[1]);
    for (;;) {
      const length = Math.exp(random.uniform(Math.log(config.actionSec[0]), Math.log(config.actionSec[1])));
      if (at + length > durationSec - QUIET_END_SEC) break;
      const label = classes[random.integer(classes.length)]!;
      segments.push({ startSec: snap(at), endSec: snap(at + length), label });
      at += length + random.uniform(config.gapSec[0], config.gapSec[1]);
    }
    if (segments.length > 0) return segments;
  }
  const label = classes[random.integer(classes.length)]!;
  return [{ startSec: snap(firstGapSec), endSec: snap(firstGapSec + shortestSec), label }];
}

interface ActorTrack {
  readonly dx: Float64Array;
  readonly dy: Float64Array;
  readonly logRadius: Float64Array;
  readonly angularVelocity: Float64Array;
  readonly brightness: Float64Array;
  readonly scaleX: Float64Array;
  readonly scaleY: Float64Array;
}

function addMotion(
  random: Random,
  track: ActorTrack,
  fps: number,
  amplitude: number,
  range: readonly [number, number],
  name: MotionName,
  strength: number,
): void {
  const phase = hasSawtoothPhase(name) ? random.next() : random.uniform(0, 2 * Math.PI);
  const [from, to] = range;
  const offset: MotionOffset = { x: 0, y: 0, logRadius: 0, angularVelocity: 0, brightness: 0 };
  const first = Math.max(0, Math.ceil(from * fps - 0.5));
  for (let i = first; i < track.dx.length; i += 1) {
    const t = (i + 0.5) / fps;
    if (t >= to) break;
    const envelope = strength * clamp(Math.min(t - from, to - t) / 0.35 + 0.15, 0, 1);
    motionAt(name, t - from, phase, offset);
    track.dx[i]! += envelope * amplitude * offset.x;
    track.dy[i]! += envelope * amplitude * offset.y;
    track.logRadius[i]! += envelope * offset.logRadius;
    track.angularVelocity[i]! += envelope * offset.angularVelocity;
    track.brightness[i]! += envelope * offset.brightness;
  }
}

/** Squash (sign 1) or stretch (sign −1) over `gestureSec` from `fromSec`. */
function addGesture(
  track: ActorTrack,
  fps: number,
  fromSec: number,
  gestureSec: number,
  strength: number,
  sign: 1 | -1,
): void {
  const margin = 0.08;
  for (let i = 0; i < track.scaleX.length; i += 1) {
    const t = (i + 0.5) / fps;
    if (t < fromSec - margin || t >= fromSec + gestureSec + margin) continue;
    const k = strength * Math.sin(Math.PI * clamp((t - fromSec + margin) / (gestureSec + 2 * margin), 0, 1));
    track.scaleY[i]! *= 1 - sign * k;
    track.scaleX[i]! *= 1 + sign * 0.7 * k;
  }
}

/** What can be fixed when planning, for trimmed clips and tests. */
export interface PlanOptions {
  readonly durationSec?: number;
  readonly segments?: readonly LabelledSegment[];
}

/** Plans a whole video. The same random stream gives the same plan. */
export function planFootage(
  random: Random,
  classes: readonly MotionName[],
  config: FootageConfig = DEFAULT_FOOTAGE,
  options: PlanOptions = {},
): FootagePlan {
  const { side, framesPerSecond: fps } = config;
  const unit = side / 64;
  const wanted = options.durationSec ?? random.uniform(config.durationSec[0], config.durationSec[1]);
  const segments = options.segments ?? planActions(random, wanted, classes, config);
  const count = Math.floor(wanted * fps);
  const durationSec = count / fps;
  const walk = (tauSec: number, deviation: number): Float64Array =>
    wander(random, count, tauSec, fps, deviation);
  const radius = random.uniform(7, 13) * unit;
  const amplitude = random.uniform(0.55, 0.85) * radius + 2.5 * unit;
  const centre = (low: number, high: number, tauSec: number, deviation: number): Float64Array => {
    const base = side * random.uniform(low, high);
    return walk(tauSec, side * deviation).map((value) => base + value);
  };
  const baseX = centre(0.35, 0.65, 4, 0.1).map((x) => clamp(x, side * 0.2, side * 0.8));
  const baseY = centre(0.35, 0.65, 4, 0.1).map((y) => clamp(y, side * 0.2, side * 0.8));
  const track: ActorTrack = {
    dx: new Float64Array(count),
    dy: new Float64Array(count),
    logRadius: walk(5, 0.12),
    angularVelocity: walk(2, 0.35),
    brightness: new Float64Array(count).fill(1),
    scaleX: new Float64Array(count).fill(1),
    scaleY: new Float64Array(count).fill(1),
  };
  for (const { startSec, endSec, label } of segments) {
    const strength = random.uniform(0.75, 1.1);
    addMotion(random, track, fps, amplitude, [startSec, endSec], label as MotionName, strength);
    const gesture = Math.min(config.gestureSec, 0.33 * (endSec - startSec));
    addGesture(track, fps, startSec, gesture, config.gestureStrength, 1);
    addGesture(track, fps, endSec - gesture, gesture, config.gestureStrength, -1);
  }
  addFidgets(random, track, amplitude, segments, wanted, config);
  return { durationSec, segments, scene: buildScene(random, config, track, { baseX, baseY, radius, walk }) };
}

function addFidgets(
  random: Random,
  track: ActorTrack,
  amplitude: number,
  segments: readonly LabelledSegment[],
  durationSec: number,
  config: FootageConfig,
): void {
  const gapStarts = [0, ...segments.map((segment) => segment.endSec)];
  const gapEnds = [...segments.map((segment) => segment.startSec), durationSec];
  for (const [index, gapStart] of gapStarts.entries()) {
    const end = gapEnds[index]! - 0.3;
    let at = gapStart + 0.3;
    while (at < end - 0.6) {
      const stop = Math.min(end, at + random.uniform(0.8, 3.5));
      if (random.next() < config.fidgetRate) {
        const name = ALL_MOTIONS[random.integer(ALL_MOTIONS.length)]!;
        const strength = random.uniform(config.fidgetStrength[0], config.fidgetStrength[1]);
        addMotion(random, track, config.framesPerSecond, amplitude, [at, stop], name, strength);
      }
      at = stop + random.uniform(0.1, 0.8);
    }
  }
}

interface ActorBase {
  readonly baseX: Float64Array;
  readonly baseY: Float64Array;
  readonly radius: number;
  readonly walk: (tauSec: number, deviation: number) => Float64Array;
}

function cumulative(values: Float64Array, fps: number): Float64Array {
  const sums = new Float64Array(values.length);
  let sum = 0;
  for (let i = 0; i < values.length; i += 1) {
    sum += values[i]! / fps;
    sums[i] = sum;
  }
  return sums;
}

function buildTexture(random: Random): { texture: Float64Array; mean: [number, number, number] } {
  const texture = new Float64Array(32 * 32 * 3);
  for (let i = 0; i < texture.length; i += 1) texture[i] = random.uniform(0.1, 0.9);
  const gain = random.uniform(0.5, 0.9);
  const offset = [random.uniform(0, 0.12), random.uniform(0, 0.12), random.uniform(0, 0.12)];
  const mean: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < texture.length; i += 3) {
    const grey = (texture[i]! + texture[i + 1]! + texture[i + 2]!) / 3;
    for (let c = 0; c < 3; c += 1) {
      texture[i + c] = (0.5 * grey + 0.5 * texture[i + c]!) * gain + offset[c]!;
      mean[c]! += texture[i + c]! / 1024;
    }
  }
  return { texture, mean };
}

/** A colour that stands out from the background. */
function drawColour(random: Random, background: readonly number[]): [number, number, number] {
  for (;;) {
    const colour: [number, number, number] = [random.next(), random.next(), random.next()];
    const contrast = Math.max(...colour.map((value, c) => Math.abs(value - background[c]!)));
    if (contrast > 0.35 && Math.max(...colour) > 0.5) return colour;
  }
}

function buildScene(random: Random, config: FootageConfig, track: ActorTrack, actor: ActorBase): Scene {
  const { side, framesPerSecond: fps } = config;
  const { walk } = actor;
  const unit = side / 64;
  const frameCount = track.dx.length;
  const spin0 = random.uniform(0, 2 * Math.PI);
  const actorAngle = cumulative(track.angularVelocity, fps).map((angle) => spin0 + angle);
  const objectCount = 1 + random.integer(config.maxDistractors + 1);
  const shakeX = walk(0.35, config.shake * unit);
  const shakeY = walk(0.35, config.shake * unit);
  const { texture, mean } = buildTexture(random);
  const objects = new Float64Array(frameCount * objectCount * OBJECT_FIELDS);
  for (let o = 0; o < objectCount; o += 1) {
    const isActor = o === objectCount - 1;
    const fields = isActor
      ? [
          actor.baseX.map((x, i) => x + track.dx[i]!),
          actor.baseY.map((y, i) => y + track.dy[i]!),
          track.logRadius.map((value) => clamp(actor.radius * Math.exp(value), 3, side * 0.45)),
          actorAngle,
          track.scaleX,
          track.scaleY,
        ]
      : distractorFields(random, walk, side, fps);
    const colour = drawColour(random, mean);
    const shape = random.integer(5);
    for (let f = 0; f < frameCount; f += 1) {
      const at = (f * objectCount + o) * OBJECT_FIELDS;
      for (let j = 0; j < 6; j += 1) objects[at + j] = fields[j]![f]!;
      objects[at]! += shakeX[f]!;
      objects[at + 1]! += shakeY[f]!;
      for (let c = 0; c < 3; c += 1) {
        objects[at + 6 + c] = colour[c]!;
        objects[at + 9 + c] = (colour[c]! + 0.5) % 1;
      }
      objects[at + 12] = isActor ? track.brightness[f]! : 1;
      objects[at + 13] = shape;
    }
  }
  const camera = new Float64Array(frameCount * CAMERA_FIELDS);
  const driftX = cumulative(walk(3, 3), fps);
  const driftY = cumulative(walk(3, 3), fps);
  const startX = random.uniform(0, 500);
  const startY = random.uniform(0, 500);
  const gain = walk(3, 0.06);
  const scale = random.uniform(0.06, 0.2) / unit;
  for (let f = 0; f < frameCount; f += 1) {
    camera[f * 4] = driftX[f]! - shakeX[f]! + startX;
    camera[f * 4 + 1] = driftY[f]! - shakeY[f]! + startY;
    camera[f * 4 + 2] = 1 + gain[f]!;
    camera[f * 4 + 3] = scale;
  }
  const noiseSeed = 1 + random.integer(2 ** 31 - 1);
  return { side, frameCount, objectCount, objects, camera, texture, noise: config.noise, noiseSeed };
}

function distractorFields(
  random: Random,
  walk: ActorBase['walk'],
  side: number,
  fps: number,
): readonly Float64Array[] {
  const place = (): Float64Array => {
    const base = side * random.uniform(0.1, 0.9);
    return walk(2.5, side * 0.18).map((value) => clamp(base + value, 0, side));
  };
  const radius = (random.uniform(3, 7) * side) / 64;
  return [
    place(),
    place(),
    walk(3, 0.12).map((value) => radius * Math.exp(value)),
    cumulative(walk(2, 1.2), fps),
    walk(1, 0.1).map((value) => Math.exp(value)),
    walk(1, 0.1).map((value) => Math.exp(value)),
  ];
}
