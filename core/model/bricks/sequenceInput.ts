/**
 * Features of a batch as rows with a zero row after each sequence, and the way back for their gradients.
 */
import type { TapeNode } from '#core/compute/ops/tape';
import type { DetectorBatch } from '#core/model/detector';
import { StudioError } from '#core/contract/errors';

/** Refuses shapes that do not fit and features that are not numbers. @throws StudioError `bad-input` */
export function checkBatch(batch: DetectorBatch, inChannels: number): void {
  const [items, steps, channels] = batch.shape;
  if (channels !== inChannels) {
    throw new StudioError(
      'bad-input',
      `The head takes features of ${inChannels} channels, these have ${channels}. They come from another encoder.`,
    );
  }
  if (
    batch.features.length !== items * steps * channels ||
    batch.lengths.length !== items ||
    batch.segments.length !== items
  ) {
    throw new StudioError(
      'bad-input',
      `The batch says ${items} × ${steps} × ${channels} but its arrays have other sizes.`,
    );
  }
  if (batch.covered !== undefined && batch.covered.length !== items * steps) {
    throw new StudioError(
      'bad-input',
      `The covered map has ${batch.covered.length} steps, not ${items * steps}.`,
    );
  }
  for (let i = 0; i < batch.features.length; i += 1) {
    if (!Number.isFinite(batch.features[i])) {
      throw new StudioError(
        'bad-input',
        'The features hold values that are not numbers. Extract the features of this video again.',
        { index: i },
      );
    }
  }
  for (const length of batch.lengths) {
    if (!(length >= 1 && length <= steps))
      throw new StudioError('bad-input', `A sequence claims ${length} valid steps of ${steps}.`);
  }
}

/** A batch of one sequence without labels, as detection takes it. features: float32 [≥ length, C] */
export function oneSequence(features: Float32Array, length: number, channels: number): DetectorBatch {
  return {
    features: features.subarray(0, length * channels),
    shape: [1, length, channels],
    lengths: [length],
    segments: [[]],
  };
}

/** Copies valid steps into sequences of `steps` + 1 rows. // [B, T, C] → [B · (steps + 1), C] */
export function featureRows(batch: DetectorBatch, steps: number): Float32Array {
  const [items, given, channels] = batch.shape;
  const rows = new Float32Array(items * (steps + 1) * channels);
  for (let item = 0; item < items; item += 1) {
    const from = item * given * channels;
    rows.set(
      batch.features.subarray(from, from + Math.min(batch.lengths[item]!, given) * channels),
      item * (steps + 1) * channels,
    );
  }
  return rows;
}

/** The inverse of `featureRows` for gradients; padding gets zero. */
export function featureGradients(rows: Float32Array, batch: DetectorBatch, steps: number): Float32Array {
  const [items, given, channels] = batch.shape;
  const result = new Float32Array(items * given * channels);
  for (let item = 0; item < items; item += 1) {
    const from = item * (steps + 1) * channels;
    result.set(rows.subarray(from, from + batch.lengths[item]! * channels), item * given * channels);
  }
  return result;
}

/** The gradient that reached the rows of `featureRows`, as a part of `DetectorStep`; empty where none did. */
export async function inputGradients(
  input: TapeNode,
  batch: DetectorBatch,
  steps: number,
): Promise<{ featureGradients?: Float32Array }> {
  if (input.gradient === null) return {};
  return { featureGradients: featureGradients((await input.gradient.data()) as Float32Array, batch, steps) };
}
