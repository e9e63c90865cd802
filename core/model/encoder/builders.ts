/**
 * Turns an encoder's description into its layers.
 *
 * Residual networks as torchvision `resnet.py` has them (bottleneck stride in the 3×3 convolution), TSM's shift at the input of each
 * block's first convolution (`ops/temporal_shift.py`, place `blockres`, every second block where stage 3 has 23 blocks or more), and
 * R(2+1)D as torchvision `video/resnet.py`. Names are theirs, so their checkpoints load.
 */
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { ConvLayer, EncoderLayer, EncoderLayers, ParameterInfo } from './layers.ts';
import { StudioError } from '#core/contract/errors';

interface Network {
  readonly layers: EncoderLayer[];
  readonly parameters: ParameterInfo[];
}

type ConvSettings = Omit<ConvLayer, 'kind'>;

function addConv(network: Network, settings: ConvSettings): string {
  const { weight, norm, outChannels, inChannels, kernel } = settings;
  network.layers.push({ kind: 'conv', ...settings });
  network.parameters.push(
    { name: weight, kind: 'weight', shape: [outChannels, inChannels, ...kernel] },
    { name: `${norm}.weight`, kind: 'scale', shape: [outChannels] },
    { name: `${norm}.bias`, kind: 'offset', shape: [outChannels] },
    { name: `${norm}.running_mean`, kind: 'mean', shape: [outChannels] },
    { name: `${norm}.running_var`, kind: 'variance', shape: [outChannels] },
  );
  return settings.output;
}

/** Square two-dimensional convolution. */
function square(size: number, stride: number): Pick<ConvSettings, 'kernel' | 'stride' | 'padding'> {
  const padding = (size - 1) / 2;
  return { kernel: [size, size], stride: [stride, stride], padding: [padding, padding] };
}

interface Block {
  readonly name: string;
  readonly input: string;
  readonly inChannels: number;
  readonly width: number;
  readonly stride: number;
}

function addResidualBlock(network: Network, spec: EncoderSpec, block: Block, shifted: boolean): string {
  const { name, input, inChannels, width, stride } = block;
  const bottleneck = spec.block === 'bottleneck';
  const outChannels = bottleneck ? width * 4 : width;
  let branch = input;
  if (shifted) {
    branch = `${name}.shift`;
    network.layers.push({ kind: 'shift', input, output: branch, division: spec.shiftDivision });
  }
  const conv = (
    index: number,
    settings: Partial<ConvSettings> & Pick<ConvSettings, 'kernel' | 'stride' | 'padding'>,
  ) =>
    ({
      weight: `${name}.conv${index}${index === 1 && shifted ? '.net' : ''}.weight`,
      norm: `${name}.bn${index}`,
      input: branch,
      output: `${name}.value${index}`,
      residual: null,
      relu: true,
      inChannels: width,
      outChannels: width,
      ...settings,
    }) satisfies ConvSettings;
  branch = addConv(
    network,
    conv(1, bottleneck ? { ...square(1, 1), inChannels } : { ...square(3, stride), inChannels }),
  );
  if (bottleneck) branch = addConv(network, conv(2, square(3, stride)));
  const last = conv(bottleneck ? 3 : 2, {
    ...square(bottleneck ? 1 : 3, 1),
    outChannels,
    output: `${name}.out`,
  });
  return addConv(network, { ...last, residual: addSkip(network, block, outChannels, square(1, stride)) });
}

/** The skip path: the input itself, or a strided 1×1 convolution where the shape changes. */
function addSkip(
  network: Network,
  block: Block,
  outChannels: number,
  shape: Pick<ConvSettings, 'kernel' | 'stride' | 'padding'>,
): string {
  if (block.stride === 1 && block.inChannels === outChannels) return block.input;
  return addConv(network, {
    weight: `${block.name}.downsample.0.weight`,
    norm: `${block.name}.downsample.1`,
    input: block.input,
    output: `${block.name}.skip`,
    residual: null,
    relu: false,
    inChannels: block.inChannels,
    outChannels,
    ...shape,
  });
}

/** A spatial and a temporal convolution with batch norm and ReLU between them: torchvision's `Conv2Plus1D` and the norm after it. */
function addFactorised(
  network: Network,
  name: string,
  block: Block & { readonly middle: number },
  residual: string | null,
): string {
  const { stride, middle, input } = block;
  const spatial = addConv(network, {
    weight: `${name}.0.0.weight`,
    norm: `${name}.0.1`,
    input,
    output: `${name}.middle`,
    residual: null,
    relu: true,
    inChannels: block.inChannels,
    outChannels: middle,
    kernel: [1, 3, 3],
    stride: [1, stride, stride],
    padding: [0, 1, 1],
  });
  return addConv(network, {
    weight: `${name}.0.3.weight`,
    norm: `${name}.1`,
    input: spatial,
    output: `${name}.out`,
    residual,
    relu: true,
    inChannels: middle,
    outChannels: block.width,
    kernel: [3, 1, 1],
    stride: [stride, 1, 1],
    padding: [1, 0, 0],
  });
}

function addFactorisedBlock(network: Network, block: Block): string {
  const { name, width, stride } = block;
  // torchvision gives both convolutions the middle width that suits the block's input.
  const middle = Math.floor((block.inChannels * width * 27) / (block.inChannels * 9 + 3 * width));
  const first = addFactorised(network, `${name}.conv1`, { ...block, middle }, null);
  const skip = addSkip(network, block, width, {
    kernel: [1, 1, 1],
    stride: [stride, stride, stride],
    padding: [0, 0, 0],
  });
  const second = { ...block, middle, input: first, inChannels: width, stride: 1 };
  return addFactorised(network, `${name}.conv2`, second, skip);
}

function addStem(network: Network, spec: EncoderSpec): string {
  const width = spec.widths[0]!;
  const common = { input: 'frames', residual: null, relu: true, inChannels: 3 } as const;
  if (spec.family === 'r2plus1d') {
    const middle = addConv(network, {
      ...common,
      weight: 'stem.0.weight',
      norm: 'stem.1',
      output: 'stem.middle',
      outChannels: 45,
      kernel: [1, 7, 7],
      stride: [1, 2, 2],
      padding: [0, 3, 3],
    });
    return addConv(network, {
      ...common,
      weight: 'stem.3.weight',
      norm: 'stem.4',
      input: middle,
      output: 'stem.out',
      inChannels: 45,
      outChannels: width,
      kernel: [3, 1, 1],
      stride: [1, 1, 1],
      padding: [1, 0, 0],
    });
  }
  const shape = spec.stem === 'imagenet' ? square(7, 2) : square(3, 2);
  const value = addConv(network, {
    ...common,
    ...shape,
    weight: 'conv1.weight',
    norm: 'bn1',
    output: 'stem',
    outChannels: width,
  });
  if (spec.stem === 'small') return value;
  network.layers.push({ kind: 'maxPool', input: value, output: 'stem.pool' });
  return 'stem.pool';
}

/**
 * The layers and parameters of an encoder.
 * @throws StudioError `bad-input` when the description contradicts itself
 */
export function buildEncoderLayers(spec: EncoderSpec): EncoderLayers {
  const network: Network = { layers: [], parameters: [] };
  const expansion = spec.block === 'bottleneck' ? 4 : 1;
  const last = (spec.widths.at(-1) ?? 0) * expansion;
  if (
    spec.blocks.length === 0 ||
    spec.blocks.length !== spec.widths.length ||
    last !== spec.featureChannels
  ) {
    throw new StudioError(
      'bad-input',
      `The encoder's description contradicts itself: ${spec.blocks.length} stages, ${spec.widths.length} widths, ` +
        `${spec.featureChannels} feature channels where the last stage gives ${last}.`,
    );
  }
  if (spec.family === 'r2plus1d' && spec.block === 'bottleneck') {
    throw new StudioError('bad-input', 'R(2+1)D encoders are built of basic blocks; set "block" to "basic".');
  }
  let value = addStem(network, spec);
  let inChannels = spec.widths[0]!;
  const shiftEvery = (spec.blocks[2] ?? 0) >= 23 ? 2 : 1;
  spec.blocks.forEach((count, stage) => {
    for (let index = 0; index < count; index += 1) {
      const width = spec.widths[stage]!;
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const block: Block = { name: `layer${stage + 1}.${index}`, input: value, inChannels, width, stride };
      const shifted = spec.family === 'tsm-resnet' && index % shiftEvery === 0;
      value =
        spec.family === 'r2plus1d'
          ? addFactorisedBlock(network, block)
          : addResidualBlock(network, spec, block, shifted);
      inChannels = width * expansion;
    }
  });
  return {
    spatialRank: spec.family === 'r2plus1d' ? 3 : 2,
    input: 'frames',
    output: value,
    featureChannels: spec.featureChannels,
    layers: network.layers,
    parameters: network.parameters,
  };
}
