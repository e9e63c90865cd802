/**
 * Colours: limited and full range, BT.601 and BT.709, as the file declares them, in every picture that the program makes of a frame.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_RANGE_UNSPECIFIED,
  AVCOL_SPC_BT709,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_UNSPECIFIED,
} from 'node-av/constants';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openExact } from '#service/media/decode/exact';
import { sampleFramesSync } from '#service/media/decode/sample';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { createMedia, type MediaService } from '#service/media/service';
import {
  expectedPatches,
  PATCH_SIDE,
  PATCHES,
  writePatches,
  type ColourCase,
} from '../fixtures/videos/colour.ts';

const limited = { pixelFormat: AV_PIX_FMT_YUV420P, range: AVCOL_RANGE_MPEG, full: false } as const;
const full = { pixelFormat: AV_PIX_FMT_YUV420P, range: AVCOL_RANGE_JPEG, full: true } as const;
const CASES: readonly ColourCase[] = [
  { name: 'limited, BT.709', ...limited, space: AVCOL_SPC_BT709, matrix: 709 },
  { name: 'limited, BT.601', ...limited, space: AVCOL_SPC_SMPTE170M, matrix: 601 },
  { name: 'full, BT.709', ...full, space: AVCOL_SPC_BT709, matrix: 709 },
  { name: 'full, BT.601', ...full, space: AVCOL_SPC_SMPTE170M, matrix: 601 },
  {
    name: 'yuvj420p, BT.601',
    ...full,
    pixelFormat: AV_PIX_FMT_YUVJ420P,
    space: AVCOL_SPC_SMPTE170M,
    matrix: 601,
  },
  {
    name: 'nothing declared: limited, BT.601',
    ...limited,
    range: AVCOL_RANGE_UNSPECIFIED,
    space: AVCOL_SPC_UNSPECIFIED,
    matrix: 601,
  },
];

const WIDTH = PATCHES.length * PATCH_SIDE;
const HEIGHT = PATCH_SIDE * 2;
let folder = '';
let media: MediaService;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lofi-colour-'));
  media = createMedia({ cacheFolder: join(folder, 'cache') });
});
afterAll(async () => {
  media.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Greatest distance of a patch's middle from what it must be. @param channels bytes of a pixel */
function worst(
  pixels: Uint8Array,
  width: number,
  height: number,
  channels: number,
  colour: ColourCase,
): number {
  return Math.max(
    ...expectedPatches(colour).flatMap((rgb, patch) => {
      const x = Math.floor(((patch + 0.5) * width) / PATCHES.length);
      const at = ((height >> 1) * width + x) * channels;
      return rgb.map((value, channel) => Math.abs(Math.round(value) - pixels[at + channel]!));
    }),
  );
}

describe.each(CASES)('$name', (colour) => {
  const path = (): string => join(folder, `${CASES.indexOf(colour)}.mp4`);

  it('is what the numbers in the file mean: exact frame, training, and the picture on the screen', async () => {
    writePatches(path(), colour);
    const { data } = await media.frame(path(), 2, { format: 'rgba' });
    expect(worst(data, WIDTH, HEIGHT, 4, colour)).toBeLessThanOrEqual(2);

    const sampled = sampleFramesSync(path(), buildFrameIndex(path()), {
      frameIndices: Int32Array.of(2),
      side: 128,
      fit: 'stretch',
    });
    // FFmpeg's fast scaling rounds down twice on the way (white comes out as 253): the same in its command.
    expect(worst(sampled, 128, 128, 3, colour)).toBeLessThanOrEqual(3);

    const jpeg = join(folder, `${CASES.indexOf(colour)}.jpg`);
    await writeFile(jpeg, (await media.frame(path(), 2, { format: 'jpg' })).data);
    const reader = openExact(jpeg, buildFrameIndex(jpeg));
    const shown = reader.withFrame(0, (frame, maker) => maker.full(frame));
    reader.close();
    // Rounded once more, to full-range BT.601, and compressed.
    expect(worst(shown.rgb, WIDTH, HEIGHT, 3, colour)).toBeLessThanOrEqual(4);
  });
});
