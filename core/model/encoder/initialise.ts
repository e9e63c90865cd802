/**
 * New parameters for an encoder, as torchvision starts its residual networks: Kaiming normal by fan-out for convolutions
 * (He et al., ICCV 2015), 1 and 0 for batch norm.
 */
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { HostTensor, TensorMap } from '#core/compute/hostTensor';
import type { ParameterInfo } from './layers.ts';
import { createRandom, mixSeed } from '#core/util/random';
import { buildEncoderLayers } from './builders.ts';
import { StudioError } from '#core/contract/errors';

function startValue(parameter: ParameterInfo, seed: number): HostTensor {
  const { shape, kind, name } = parameter;
  const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
  if (kind === 'weight') {
    const random = createRandom(mixSeed(seed, name));
    const fanOut = data.length / shape[1]!;
    const deviation = Math.sqrt(2 / fanOut);
    for (let i = 0; i < data.length; i += 1) data[i] = deviation * random.normal();
  } else if (kind === 'scale' || kind === 'variance') {
    data.fill(1);
  }
  return { shape, data };
}

/** New random parameters; the same seed gives the same numbers, whatever else the encoder holds. */
export function initialiseEncoder(spec: EncoderSpec, seed: number): TensorMap {
  const parameters: TensorMap = {};
  for (const parameter of buildEncoderLayers(spec).parameters)
    parameters[parameter.name] = startValue(parameter, seed);
  return parameters;
}

/**
 * Checks that a map holds every parameter in its shape.
 * @throws StudioError `bad-input` naming the first tensor that is missing or has another shape
 */
export function checkEncoderParameters(expected: readonly ParameterInfo[], parameters: TensorMap): void {
  for (const { name, shape } of expected) {
    const tensor = parameters[name];
    if (!tensor)
      throw new StudioError('bad-input', `The encoder's parameter "${name}" is missing.`, { tensor: name });
    const length = shape.reduce((product, size) => product * size, 1);
    if (tensor.shape.join() !== shape.join() || tensor.data.length !== length) {
      throw new StudioError(
        'bad-input',
        `The encoder's parameter "${name}" has the shape [${tensor.shape.join(', ')}]; [${shape.join(', ')}] is needed.`,
        { tensor: name },
      );
    }
  }
}
