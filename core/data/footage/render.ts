/**
 * Paints a planned scene: textured background under a moving camera, anti-aliased shapes with a marker that shows rotation, pixel noise.
 *
 * Plain typed-array code: a frame of 64² takes well under a millisecond. The noise of frame f depends on f alone, so any frame can be
 * painted by itself.
 */
import { CAMERA_FIELDS, OBJECT_FIELDS } from './plan.ts';
import type { Scene } from './plan.ts';

const TEXTURE_SIDE = 32;

/** Signed distance to the unit shape: disc, square, triangle, cross, ring. */
function shapeDistance(shape: number, x: number, y: number): number {
  const ax = Math.abs(x);
  const ay = Math.abs(y);
  switch (shape) {
    case 0:
      return Math.sqrt(x * x + y * y) - 1;
    case 1:
      return Math.max(ax, ay) - 0.85;
    case 2:
      return Math.max(ax * 0.866 + y * 0.5, -y) - 0.62;
    case 3:
      return Math.min(Math.max(ax - 1, ay - 0.38), Math.max(ay - 1, ax - 0.38));
    default:
      return Math.abs(Math.sqrt(x * x + y * y) - 0.72) - 0.28;
  }
}

/** Buffers that a renderer reuses from frame to frame. */
export interface RenderScratch {
  readonly canvas: Float64Array;
  readonly row: Float64Array;
}

/** Buffers for scenes of one side. */
export function createScratch(side: number): RenderScratch {
  return { canvas: new Float64Array(side * side * 3), row: new Float64Array((TEXTURE_SIDE + 1) * 3) };
}

/** Adds one octave of the texture, smoothly interpolated; separable, because the camera never rotates. */
function addOctave(
  scene: Scene,
  scratch: RenderScratch,
  offsetX: number,
  offsetY: number,
  scale: number,
  weight: number,
): void {
  const { side, texture } = scene;
  const { canvas, row } = scratch;
  const mask = TEXTURE_SIDE - 1;
  for (let y = 0; y < side; y += 1) {
    const v = offsetY + y * scale;
    const floorY = Math.floor(v);
    let b = v - floorY;
    b = b * b * (3 - 2 * b);
    const top = (floorY & mask) * TEXTURE_SIDE * 3;
    const bottom = ((floorY + 1) & mask) * TEXTURE_SIDE * 3;
    for (let i = 0; i < TEXTURE_SIDE * 3; i += 1) {
      row[i] = weight * (texture[top + i]! * (1 - b) + texture[bottom + i]! * b);
    }
    let at = y * side * 3;
    for (let x = 0; x < side; x += 1) {
      const u = offsetX + x * scale;
      const floorX = Math.floor(u);
      let a = u - floorX;
      a = a * a * (3 - 2 * a);
      const left = (floorX & mask) * 3;
      const right = ((floorX + 1) & mask) * 3;
      canvas[at]! += row[left]! * (1 - a) + row[right]! * a;
      canvas[at + 1]! += row[left + 1]! * (1 - a) + row[right + 1]! * a;
      canvas[at + 2]! += row[left + 2]! * (1 - a) + row[right + 2]! * a;
      at += 3;
    }
  }
}

function paintObject(scene: Scene, canvas: Float64Array, at: number): void {
  const { side, objects } = scene;
  const x0 = objects[at]!;
  const y0 = objects[at + 1]!;
  const radius = objects[at + 2]!;
  const scaleX = objects[at + 4]!;
  const scaleY = objects[at + 5]!;
  const cos = Math.cos(objects[at + 3]!);
  const sin = Math.sin(objects[at + 3]!);
  const brightness = objects[at + 12]!;
  const shape = objects[at + 13]!;
  const reach = radius * 1.7 * Math.max(scaleX, scaleY) + 2;
  const lastX = Math.min(side - 1, Math.floor(x0 + reach));
  const lastY = Math.min(side - 1, Math.floor(y0 + reach));
  for (let y = Math.max(0, Math.ceil(y0 - reach)); y <= lastY; y += 1) {
    for (let x = Math.max(0, Math.ceil(x0 - reach)); x <= lastX; x += 1) {
      // The squash is in the screen's frame, before the rotation.
      const ex = (x - x0) / scaleX;
      const ey = (y - y0) / scaleY;
      const lx = (cos * ex + sin * ey) / radius;
      const ly = (cos * ey - sin * ex) / radius;
      const alpha = Math.min(1, 0.5 - (shapeDistance(shape, lx, ly) * radius) / 1.4);
      if (alpha <= 0) continue;
      const edge = 0.5 - (Math.max(0.1 - lx, Math.abs(ly) - 0.32) * radius) / 1.2;
      const marker = edge < 0 ? 0 : edge > 1 ? 1 : edge;
      const pixel = (y * side + x) * 3;
      for (let c = 0; c < 3; c += 1) {
        const colour = objects[at + 6 + c]! * (1 - marker) + objects[at + 9 + c]! * marker;
        canvas[pixel + c] = canvas[pixel + c]! * (1 - alpha) + alpha * colour * brightness;
      }
    }
  }
}

/** Paints frame `index` as RGB into `out` at `offset`. uint8 [side, side, 3] */
export function renderFrame(
  scene: Scene,
  index: number,
  scratch: RenderScratch,
  out: Uint8Array,
  offset = 0,
): void {
  const { camera, noise, objectCount } = scene;
  const { canvas } = scratch;
  canvas.fill(0);
  const scale = camera[index * CAMERA_FIELDS + 3]!;
  const u = camera[index * CAMERA_FIELDS]! * scale;
  const v = camera[index * CAMERA_FIELDS + 1]! * scale;
  addOctave(scene, scratch, u, v, scale, 0.65);
  addOctave(scene, scratch, u * 2.7 + 7, v * 2.7 + 3, scale * 2.7, 0.35);
  for (let o = 0; o < objectCount; o += 1) {
    paintObject(scene, canvas, (index * objectCount + o) * OBJECT_FIELDS);
  }
  const gain = camera[index * CAMERA_FIELDS + 2]! * 255;
  // xorshift32, mixed with the frame number; three uniform numbers of ten bits make a nearly normal one.
  let state = (scene.noiseSeed ^ Math.imul(index + 1, 0x9e3779b9)) | 1;
  for (let i = 0; i < canvas.length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const sum = (state & 1023) + ((state >>> 10) & 1023) + ((state >>> 20) & 1023);
    const value = canvas[i]! * gain + ((sum - 1534.5) / 512) * noise;
    out[offset + i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}
