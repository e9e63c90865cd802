/**
 * Thumbnail sheets: small pictures at even distances, a hundred on one JPEG, at several densities. Cheap to make, cheap to throw away.
 *
 * Where key frames stand closer than the thumbnails, only key frames are decoded. Else the sheet's stretch is decoded once, without the frames
 * that no other is built on.
 */
import { AVDISCARD_NONKEY, AVERROR_EAGAIN } from 'node-av/constants';
import { Frame, Packet } from 'node-av/lib';
import { indexAtPts, type FrameIndex } from '#service/media/index/frameIndex';
import {
  createPictureMaker,
  displayedSize,
  type PictureMaker,
  type RgbPicture,
} from '#service/media/decode/picture';
import { sampleEach } from '#service/media/decode/sample';
import { seekTo } from '#service/media/decode/seek';
import { openDecoder, openSource, type Source } from '#service/media/file/source';
import { encodeJpeg } from './jpeg.ts';
import { COLUMNS, ROWS, sheetLayout, type SheetLayout } from './sheetLayout.ts';

function place(sheet: RgbPicture, tile: RgbPicture, layout: SheetLayout, at: number): void {
  const left = (at % layout.columns) * layout.tileWidth + ((layout.tileWidth - tile.width) >> 1);
  const top = Math.floor(at / layout.columns) * layout.tileHeight + ((layout.tileHeight - tile.height) >> 1);
  for (let y = 0; y < tile.height; y += 1) {
    sheet.rgb.set(
      tile.rgb.subarray(y * tile.width * 3, (y + 1) * tile.width * 3),
      ((top + y) * sheet.width + left) * 3,
    );
  }
}

/** The greatest distance between seek points inside a stretch. */
function widestKeyGap(index: FrameIndex, fromPts: number, toPts: number): number {
  let previous = Number.NaN;
  let widest = 0;
  for (const key of index.keys.pts) {
    if (key > toPts) break;
    if (key < fromPts) previous = key;
    else {
      if (!Number.isNaN(previous)) widest = Math.max(widest, key - previous);
      previous = key;
    }
  }
  return Number.isNaN(previous) ? Infinity : Math.max(widest, toPts - previous);
}

function decodeKey(
  source: Source,
  decoder: ReturnType<typeof openDecoder>,
  frame: Frame,
  packet: Packet,
): boolean {
  for (let sent = 0; sent < 400;) {
    const code = source.format.readFrameSync(packet);
    if (code === AVERROR_EAGAIN) continue;
    if (code < 0) return false;
    const isKey = packet.streamIndex === source.streamIndex && packet.isKeyframe && packet.size > 0;
    if (packet.streamIndex === source.streamIndex) sent += 1;
    const accepted = isKey && decoder.sendPacketSync(packet) >= 0;
    packet.unref();
    if (!accepted) continue;
    decoder.sendPacketSync(null);
    return decoder.receiveFrameSync(frame) >= 0;
  }
  return false;
}

/**
 * Makes one sheet. A thumbnail shows the video at `k × densitySec`, or the key frame just before.
 *
 * @returns JPEG
 */
export function makeSheet(
  path: string,
  index: FrameIndex,
  densitySec: number,
  number: number,
  onWork?: () => void,
): Buffer {
  const source = openSource(path);
  let maker: PictureMaker | null = null;
  try {
    const { codecpar } = source.stream;
    const shown = displayedSize(
      (codecpar.width * source.pixelAspect.num) / source.pixelAspect.den,
      codecpar.height,
      source.orientation,
    );
    const ticks = index.timeBase.den / index.timeBase.num;
    const start = index.pts[0]!;
    const layout = sheetLayout(shown.width, shown.height, (index.endPts - start) / ticks, densitySec);
    const first = number * COLUMNS * ROWS;
    const count = Math.min(COLUMNS * ROWS, layout.count - first);
    const width = layout.columns * layout.tileWidth;
    const height = Math.max(1, Math.ceil(Math.max(1, count) / COLUMNS)) * layout.tileHeight;
    const sheet = { width, height, rgb: new Uint8Array(width * height * 3).fill(24) };
    const wanted = Array.from({ length: Math.max(0, count) }, (_, i) =>
      Math.round(start + (first + i) * densitySec * ticks),
    );
    maker = createPictureMaker(source.orientation, source.pixelAspect);
    const draw = (frame: Frame, at: number): void => {
      if (maker !== null) place(sheet, maker.fitted(frame, layout.tileWidth, layout.tileHeight), layout, at);
    };
    const last = wanted[wanted.length - 1] ?? start;
    if (wanted.length > 0 && widestKeyGap(index, wanted[0]!, last) <= densitySec * ticks) {
      keysOnly(source, index, wanted, draw, onWork);
    } else if (wanted.length > 0) {
      const frames = Int32Array.from(wanted, (pts) => indexAtPts(index, pts));
      sampleEach(
        source,
        index,
        frames,
        (frame, at) => draw(frame, at),
        onWork === undefined ? {} : { onProgress: onWork },
      );
    }
    return encodeJpeg(sheet, 5);
  } finally {
    maker?.close();
    source.close();
  }
}

function keysOnly(
  source: Source,
  index: FrameIndex,
  wanted: readonly number[],
  draw: (frame: Frame, at: number) => void,
  onWork: (() => void) | undefined,
): void {
  const decoder = openDecoder(source, 1);
  const frame = new Frame();
  const packet = new Packet();
  frame.alloc();
  packet.alloc();
  try {
    decoder.setOption('skip_frame', AVDISCARD_NONKEY);
    for (const [at, pts] of wanted.entries()) {
      onWork?.();
      decoder.flushBuffers();
      if (seekTo(source, decoder, index, indexAtPts(index, pts)) && decodeKey(source, decoder, frame, packet))
        draw(frame, at);
    }
  } finally {
    frame.free();
    packet.free();
    decoder.freeContext();
  }
}
