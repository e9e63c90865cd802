/**
 * The generated footage as videos and clips, by seed: the sample that a newcomer starts from, and the benchmark of the method.
 *
 * Written for this project. `generated-footage` in docs/decisions tells why it looks as it does.
 */
import type { LabelledSegment } from '#core/annotation/segment';
import { createRandom, mixSeed } from '#core/util/random';
import type { MotionName } from './classes.ts';
import { ALL_MOTIONS, SOURCE_CLASSES, TARGET_CLASSES } from './classes.ts';
import { DEFAULT_FOOTAGE, OBJECT_FIELDS, planFootage } from './plan.ts';
import type { FootageConfig, Scene } from './plan.ts';
import { createScratch, renderFrame } from './render.ts';

/** The part a generated video plays. */
export type FootageSubset = 'training' | 'validation' | 'testing';

/** One generated video, not yet painted. */
export interface FootageVideo {
  /** File name without ending: `training-007`. */
  readonly name: string;
  readonly subset: FootageSubset;
  readonly scene: Scene;
  readonly side: number;
  readonly framesPerSecond: number;
  readonly frameCount: number;
  readonly durationSec: number;
  /** Boundaries lie exactly on frames: startSec · framesPerSecond is whole. */
  readonly segments: readonly LabelledSegment[];
}

/** How many videos of each subset. */
export type FootageCounts = Readonly<Record<FootageSubset, number>>;

/** Plans video `index` of a subset; the same seed gives the same video whatever the counts are. */
export function planVideo(
  seed: number,
  subset: FootageSubset,
  index: number,
  config: FootageConfig = DEFAULT_FOOTAGE,
  classes: readonly MotionName[] = TARGET_CLASSES,
): FootageVideo {
  const random = createRandom(mixSeed('footage', seed, subset, index));
  const plan = planFootage(random, classes, config);
  return {
    name: `${subset}-${String(index).padStart(3, '0')}`,
    subset,
    scene: plan.scene,
    side: config.side,
    framesPerSecond: config.framesPerSecond,
    frameCount: plan.scene.frameCount,
    durationSec: plan.durationSec,
    segments: plan.segments,
  };
}

/** Plans every video of a data set, in order training, validation, testing. */
export function* planVideos(
  seed: number,
  counts: FootageCounts,
  config: FootageConfig = DEFAULT_FOOTAGE,
): Generator<FootageVideo> {
  for (const subset of ['training', 'validation', 'testing'] as const) {
    for (let index = 0; index < counts[subset]; index += 1) yield planVideo(seed, subset, index, config);
  }
}

/** Paints the frames of a video one by one. Each is a new uint8 [side, side, 3]. */
export function* paintFrames(
  video: Pick<FootageVideo, 'scene' | 'frameCount' | 'side'>,
): Generator<Uint8Array> {
  const scratch = createScratch(video.side);
  for (let index = 0; index < video.frameCount; index += 1) {
    const frame = new Uint8Array(video.side * video.side * 3);
    renderFrame(video.scene, index, scratch, frame);
    yield frame;
  }
}

/** A trimmed clip for classification pre-training. */
export interface FootageClip {
  /** uint8 [frames, side, side, 3] */
  readonly frames: Uint8Array;
  readonly classIndex: number;
}

/** Draws a clip of one action, placed anywhere inside it, its beginning and end included. */
export function drawClip(
  seed: number,
  index: number,
  frameCount: number,
  config: FootageConfig = DEFAULT_FOOTAGE,
  classes: readonly MotionName[] = SOURCE_CLASSES,
): FootageClip {
  const random = createRandom(mixSeed('clip', seed, index));
  const classIndex = random.integer(classes.length);
  const lengthSec = Math.exp(random.uniform(Math.log(2), Math.log(8)));
  const segment = { startSec: 0.5, endSec: 0.5 + lengthSec, label: classes[classIndex]! };
  const fps = config.framesPerSecond;
  const first = Math.floor(0.5 * fps);
  const places = Math.max(1, Math.floor((0.5 + lengthSec) * fps) - frameCount - first + 1);
  const start = first + random.integer(places);
  const { scene } = planFootage(random, classes, config, { durationSec: lengthSec + 1, segments: [segment] });
  const bytes = config.side * config.side * 3;
  const frames = new Uint8Array(frameCount * bytes);
  const scratch = createScratch(config.side);
  for (let i = 0; i < frameCount; i += 1) renderFrame(scene, start + i, scratch, frames, i * bytes);
  return { frames, classIndex };
}

/** Classes of the stills: the actor's shape (five) by the strongest channel of its colour (three). */
export const STILL_CLASSES = 15;

/** A single picture with what it shows: for a pre-training that knows nothing of motion. */
export interface FootageStill {
  /** uint8 [side, side, 3] */
  readonly frame: Uint8Array;
  /** Of `STILL_CLASSES`: look alone decides it, no motion does. */
  readonly classIndex: number;
}

/** Draws one frame of some motion, labelled by the actor's look. */
export function drawStill(
  seed: number,
  index: number,
  config: FootageConfig = DEFAULT_FOOTAGE,
): FootageStill {
  const random = createRandom(mixSeed('still', seed, index));
  const label = ALL_MOTIONS[random.integer(ALL_MOTIONS.length)]!;
  const segment = { startSec: 0.2, endSec: 1.8, label };
  const { scene } = planFootage(random, ALL_MOTIONS, config, { durationSec: 2, segments: [segment] });
  const at = random.integer(scene.frameCount);
  const frame = new Uint8Array(config.side * config.side * 3);
  renderFrame(scene, at, createScratch(config.side), frame);
  const actor = (at * scene.objectCount + scene.objectCount - 1) * OBJECT_FIELDS;
  const colour = [...scene.objects.subarray(actor + 6, actor + 9)];
  const shape = scene.objects[actor + 13]!;
  return { frame, classIndex: shape * 3 + colour.indexOf(Math.max(...colour)) };
}
