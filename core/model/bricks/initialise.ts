/**
 * Starting values of parameters as PyTorch's layers draw them, from our own seeded stream.
 */
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import { createRandom, mixSeed } from '#core/util/random';

/** Collects parameters by name. */
export interface ParameterDraft {
  /** Weight (and zero bias) of a convolution: uniform in ±1 / √fan-in, PyTorch's default. */
  conv(name: string, shape: readonly number[], bias: boolean): void;
  /** As `conv`, with the bias drawn from the same range. */
  convWithRandomBias(name: string, shape: readonly number[]): void;
  /** Scale one and shift zero. */
  norm(name: string, channels: number): void;
  filled(name: string, shape: readonly number[], value: number): void;
  normal(name: string, shape: readonly number[], deviation: number): void;
  readonly parameters: TensorMap;
}

/** An empty draft; each tensor has a random stream of its own, so adding one does not change the others. */
export function createDraft(seed: number): ParameterDraft {
  const parameters: Record<string, HostTensor> = {};
  const put = (
    name: string,
    shape: readonly number[],
    value: (random: ReturnType<typeof createRandom>) => number,
  ): void => {
    const random = createRandom(mixSeed(seed, name));
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    for (let i = 0; i < data.length; i += 1) data[i] = value(random);
    parameters[name] = { shape: [...shape], data };
  };
  const bound = (shape: readonly number[]): number =>
    1 / Math.sqrt(shape.slice(1).reduce((product, size) => product * size, 1));
  const conv = (name: string, shape: readonly number[], bias: boolean): void => {
    const limit = bound(shape);
    put(`${name}.weight`, shape, (random) => random.uniform(-limit, limit));
    if (bias) put(`${name}.bias`, shape.slice(0, 1), () => 0);
  };
  return {
    conv,
    convWithRandomBias(name, shape) {
      conv(name, shape, false);
      const limit = bound(shape);
      put(`${name}.bias`, shape.slice(0, 1), (random) => random.uniform(-limit, limit));
    },
    norm(name, channels) {
      put(`${name}.weight`, [channels], () => 1);
      put(`${name}.bias`, [channels], () => 0);
    },
    filled: (name, shape, value) => put(name, shape, () => value),
    normal: (name, shape, deviation) => put(name, shape, (random) => random.normal() * deviation),
    parameters,
  };
}
