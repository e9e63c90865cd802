/**
 * The encoders by name.
 *
 * `small` is the encoder that this project pre-trains itself: eleven 3×3 convolutions, 0.38 M parameters, 21 million multiply-adds a frame
 * of 64 × 64. The others have the shapes of published networks, so that their weights load.
 */
import type { EncoderSpec } from '#core/model/encoderSpec';
import { StudioError } from '#core/contract/errors';

const IMAGENET = {
  widths: [64, 128, 256, 512],
  stem: 'imagenet',
  framesPerSnippet: 8,
  shiftDivision: 8,
} as const;

const BASIC = { ...IMAGENET, block: 'basic', featureChannels: 512 } as const;
const BOTTLENECK = { ...IMAGENET, block: 'bottleneck', featureChannels: 2048 } as const;

/** Every encoder there is, by name. */
export const ENCODERS = {
  small: {
    family: 'tsm-resnet',
    block: 'basic',
    blocks: [1, 1, 2, 1],
    widths: [16, 32, 64, 128],
    stem: 'small',
    framesPerSnippet: 8,
    shiftDivision: 8,
    featureChannels: 128,
  },
  'tsm-resnet18': { ...BASIC, family: 'tsm-resnet', blocks: [2, 2, 2, 2] },
  'tsm-resnet34': { ...BASIC, family: 'tsm-resnet', blocks: [3, 4, 6, 3] },
  'tsm-resnet50': { ...BOTTLENECK, family: 'tsm-resnet', blocks: [3, 4, 6, 3] },
  resnet18: { ...BASIC, family: 'resnet', blocks: [2, 2, 2, 2] },
  resnet34: { ...BASIC, family: 'resnet', blocks: [3, 4, 6, 3] },
  resnet50: { ...BOTTLENECK, family: 'resnet', blocks: [3, 4, 6, 3] },
  'r2plus1d-18': { ...BASIC, family: 'r2plus1d', blocks: [2, 2, 2, 2] },
} as const satisfies Record<string, EncoderSpec>;

/** Name of an encoder of the catalogue. */
export type EncoderName = keyof typeof ENCODERS;

/** Names for lists and messages. */
export const ENCODER_NAMES = Object.keys(ENCODERS) as readonly EncoderName[];

/** Whether a string names an encoder. */
export function isEncoderName(name: string): name is EncoderName {
  return Object.hasOwn(ENCODERS, name);
}

/**
 * The description of an encoder by name.
 * @throws StudioError `not-found`
 */
export function encoderByName(name: string): EncoderSpec {
  if (!isEncoderName(name)) {
    throw new StudioError(
      'not-found',
      `There is no encoder "${name}". Choose one of: ${ENCODER_NAMES.join(', ')}.`,
    );
  }
  return ENCODERS[name];
}
