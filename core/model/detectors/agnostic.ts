/**
 * A pyramid head that first learns where anything happens: one class for all, then every class starts from what it learned.
 *
 * With a handful of segments a class, boundaries are learned from all of them together; only the last layer knows classes.
 */
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import type { Detector } from '#core/model/detector';

/** Repeats the single output of a layer. // [1, …] → [count, …] */
function repeated({ shape, data }: HostTensor, count: number): HostTensor {
  const result = new Float32Array(count * data.length);
  for (let k = 0; k < count; k += 1) result.set(data, k * data.length);
  return { shape: [count, ...shape.slice(1)], data: result };
}

/**
 * The `agnostic` part of a pyramid head; empty for a head of one class.
 *
 * @param layers of `rpn_head` whose outputs are classes
 */
export function agnosticHead<C extends { readonly numClasses: number }>(
  config: C,
  layers: readonly string[],
  create: (config: C) => Detector,
): Pick<Detector, 'agnostic'> {
  const { numClasses } = config;
  if (numClasses <= 1) return {};
  const ofClasses = layers.flatMap((layer) => [
    `rpn_head.${layer}_head.weight`,
    `rpn_head.${layer}_head.bias`,
  ]);
  return {
    agnostic: {
      detector: create({ ...config, numClasses: 1 }),
      expand: (parameters: TensorMap): TensorMap =>
        Object.fromEntries(
          Object.entries(parameters).map(([name, tensor]) => [
            name,
            ofClasses.includes(name) ? repeated(tensor, numClasses) : tensor,
          ]),
        ),
    },
  };
}
