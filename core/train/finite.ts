/**
 * Ends a training whose numbers are no longer numbers, and names the step and the layer where it began.
 *
 * Names come in the order of the layers. Weights break forwards: the first broken one is to blame. Gradients break backwards: the last one is.
 */
import type { TensorMap } from '#core/compute/hostTensor';
import { StudioError } from '#core/contract/errors';

const isBroken = ({ data }: TensorMap[string]): boolean => data.some((value) => !Number.isFinite(value));

function requireFiniteWeights(parameters: TensorMap, where: string): void {
  const tensor = Object.keys(parameters).find((name) => isBroken(parameters[name]!));
  if (tensor === undefined) return;
  throw new StudioError(
    'internal',
    `${where}: ${tensor} holds a value that is not a finite number. Lower the learning rate in the configuration; the last checkpoint is kept.`,
    {
      tensor,
    },
  );
}

/**
 * @param norm of all gradients, as `clipByGlobalNorm` gives it
 * @param parameters whose gradients they are, in the order of the layers
 * @throws StudioError `internal` that names the step and the tensor
 */
export function requireFinite(
  norm: number,
  gradients: TensorMap,
  parameters: TensorMap,
  where: string,
): void {
  if (Number.isFinite(norm)) return;
  requireFiniteWeights(parameters, where);
  const tensor =
    Object.keys(parameters).findLast((name) => gradients[name] && isBroken(gradients[name])) ??
    'all tensors together';
  throw new StudioError(
    'internal',
    `${where}: the gradient of ${tensor} is not a finite number. Lower the learning rate in the configuration; the last checkpoint is kept.`,
    {
      tensor,
    },
  );
}

/**
 * @param parameters that the loss depends on, in the order of the layers
 * @throws StudioError `internal` that names the step, and the tensor where one is to blame
 */
export function requireFiniteLoss(loss: number, parameters: TensorMap, where: string): void {
  if (Number.isFinite(loss)) return;
  requireFiniteWeights(parameters, where);
  throw new StudioError(
    'internal',
    `${where}: the loss is not a finite number, though all weights are. Lower the learning rate in the configuration; the last checkpoint is kept.`,
  );
}
