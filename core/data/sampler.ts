/**
 * In which order videos are trained on. Orders are drawn from the seed and the epoch alone, so a resumed training continues exactly.
 */
import { createRandom, mixSeed } from '#core/util/random';

/** Shuffled batches of one epoch; the last one may be smaller. */
export function epochBatches<T>(
  items: readonly T[],
  batch: number,
  ...seedParts: readonly (number | string)[]
): T[][] {
  const order = createRandom(mixSeed('order', ...seedParts)).shuffle(items);
  const batches: T[][] = [];
  for (let at = 0; at < order.length; at += batch) batches.push(order.slice(at, at + batch));
  return batches;
}

/** Number of batches of an epoch. */
export function batchesPerEpoch(count: number, batch: number): number {
  return Math.ceil(count / batch);
}
