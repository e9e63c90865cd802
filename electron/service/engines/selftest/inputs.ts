/**
 * The inputs behind the reference numbers of engines: the same integer hash as in `test/golden/encoder/reference.py`, so that files hold results alone.
 */
import type { FrameBatch } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { buildEncoderLayers } from '#core/model/encoder/builders';

/** A tensor's largest absolute value, and samples spread evenly over it. */
export interface SampledTensor {
  readonly peak: number;
  readonly values: readonly number[];
}

/** What PyTorch found with one kind of batch norm. */
export interface ReferenceRun {
  readonly features: readonly number[];
  readonly gradients: Readonly<Record<string, SampledTensor>>;
  readonly running?: Readonly<Record<string, SampledTensor>>;
}

/** One encoder and batch shape [S, T, H, W]. */
export interface ReferenceCase {
  readonly spec: EncoderSpec;
  readonly shape: readonly [number, number, number, number];
  readonly frozen: ReferenceRun;
  readonly trained: ReferenceRun;
}

/** Number of samples kept of each tensor. */
const SAMPLES = 24;

/** Numbers in [−1, 1) from the name and the index. */
export function hashUniform(name: string, count: number): Float64Array {
  const values = new Float64Array(count);
  eachHash(name, count, (index, value) => (values[index] = value));
  return values;
}

function eachHash(name: string, count: number, put: (index: number, value: number) => void): void {
  let seed = 0x811c9dc5;
  for (const character of name) seed = Math.imul(seed ^ character.codePointAt(0)!, 0x01000193) >>> 0;
  for (let index = 0; index < count; index += 1) {
    let x = (Math.imul(index, 0x9e3779b9) + seed) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    put(index, (x >>> 0) / 2147483648 - 1);
  }
}

function startValue(name: string, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, length) => product * length, 1);
  const u = hashUniform(name, count);
  if (name.endsWith('running_mean') || name.endsWith('.bias'))
    return Float32Array.from(u, (value) => 0.2 * value);
  if (name.endsWith('running_var')) return Float32Array.from(u, (value) => 1 + 0.5 * value);
  if (shape.length === 1) return Float32Array.from(u, (value) => 1 + 0.3 * value);
  const scale = Math.sqrt(6 / (count / shape[0]!));
  return Float32Array.from(u, (value) => value * scale);
}

/** The parameters of a case. */
export function referenceParameters(spec: EncoderSpec): TensorMap {
  const { parameters } = buildEncoderLayers(spec);
  return Object.fromEntries(
    parameters.map(({ name, shape }) => [name, { shape, data: startValue(name, shape) }]),
  );
}

/** The frames of a case. */
export function referenceFrames(shape: readonly [number, number, number, number]): FrameBatch {
  const count = shape.reduce((product, length) => product * length, 3);
  // Written at once: a batch of a hundred snippets would take eight times its own memory on the way.
  const data = new Uint8Array(count);
  eachHash('frames', count, (index, value) => (data[index] = Math.floor(value * 128 + 128)));
  return { data, shape: [...shape, 3] };
}

/** dL/dfeatures of a case, [S, C]. */
export function referenceFeatureGradients(snippets: number, channels: number): Float32Array {
  return Float32Array.from(hashUniform('featureGradients', snippets * channels));
}

/** The largest difference at the sampled places, as a share of the reference's peak. */
export function sampledDifference(actual: Float32Array, expected: SampledTensor): number {
  const count = Math.min(SAMPLES, actual.length);
  let worst = 0;
  const last = actual.length - 1;
  // numpy's linspace with SAMPLES points, rounded half to even, without repeats
  const indices = new Set(
    Array.from({ length: SAMPLES }, (_, i) => roundHalfEven((i * last) / (SAMPLES - 1))),
  );
  if (indices.size !== expected.values.length || count === 0) return Number.POSITIVE_INFINITY;
  [...indices].forEach((index, i) => {
    const difference = Math.abs(actual[index]! - expected.values[i]!);
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
  });
  return worst / Math.max(expected.peak, 1e-12);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
