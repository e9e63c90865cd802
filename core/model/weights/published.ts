/**
 * Where weights that others published are to be found. Nothing is fetched without the person asking for it.
 *
 * torchvision's file names end in the first eight digits of the file's SHA-256 and its documentation gives sizes; TSM's authors publish
 * neither, so a fetched file is told by its contents (`model inspect`).
 */
import type { EncoderName } from '#core/model/encoder/catalogue';

/** A published file. */
export interface PublishedWeights {
  readonly name: string;
  /** Encoder that it starts. */
  readonly encoder: EncoderName;
  readonly url: string;
  /** MiB; null where the publisher does not say. */
  readonly sizeMebibytes: number | null;
  /** First digits of the SHA-256; null where the publisher does not say. */
  readonly sha256Prefix: string | null;
  readonly trainedOn: string;
  readonly source: string;
}

/**
 * The same files at another place, where the publishers' own cannot be reached: `BASE/FILE`. Sizes and hashes stay those of the publishers.
 * @param base absent or empty: the publishers' own
 */
export function mirrored(
  list: readonly PublishedWeights[],
  base: string | undefined,
): readonly PublishedWeights[] {
  if (base === undefined || base === '') return list;
  return list.map((entry) => ({
    ...entry,
    url: `${base.replace(/\/+$/, '')}/${entry.url.slice(entry.url.lastIndexOf('/') + 1)}`,
  }));
}

const TORCHVISION = 'torchvision (BSD-3-Clause; ImageNet’s and Kinetics’ own terms apply to the data)';

/** Files known to load. The first is the one that LoFi's sampling matches: 8 frames at stride 8. */
export const PUBLISHED_WEIGHTS: readonly PublishedWeights[] = [
  {
    name: 'TSM ResNet-50, dense sampling',
    encoder: 'tsm-resnet50',
    url: 'https://hanlab.mit.edu/projects/tsm/models/TSM_kinetics_RGB_resnet50_shift8_blockres_avg_segment8_e100_dense.pth',
    sizeMebibytes: null,
    sha256Prefix: null,
    trainedOn: 'Kinetics-400',
    source: 'mit-han-lab/temporal-shift-module (MIT)',
  },
  {
    name: 'ResNet-18',
    encoder: 'tsm-resnet18',
    url: 'https://download.pytorch.org/models/resnet18-f37072fd.pth',
    sizeMebibytes: 44.661,
    sha256Prefix: 'f37072fd',
    trainedOn: 'ImageNet',
    source: TORCHVISION,
  },
  {
    name: 'ResNet-34',
    encoder: 'tsm-resnet34',
    url: 'https://download.pytorch.org/models/resnet34-b627a593.pth',
    sizeMebibytes: 83.275,
    sha256Prefix: 'b627a593',
    trainedOn: 'ImageNet',
    source: TORCHVISION,
  },
  {
    name: 'ResNet-50',
    encoder: 'tsm-resnet50',
    url: 'https://download.pytorch.org/models/resnet50-0676ba61.pth',
    sizeMebibytes: 97.781,
    sha256Prefix: '0676ba61',
    trainedOn: 'ImageNet',
    source: TORCHVISION,
  },
  {
    name: 'R(2+1)D-18',
    encoder: 'r2plus1d-18',
    url: 'https://download.pytorch.org/models/r2plus1d_18-91a641e6.pth',
    sizeMebibytes: 120.318,
    sha256Prefix: '91a641e6',
    trainedOn: 'Kinetics-400',
    source: TORCHVISION,
  },
];
