/**
 * JPEG through FFmpeg's encoder: from decoded frames directly, without going through RGB here, and from RGB pictures.
 */
import { Codec, CodecContext, Frame, Packet, Rational, SoftwareScaleContext } from 'node-av/lib';
import {
  AV_CODEC_FLAG_QSCALE,
  AV_CODEC_ID_MJPEG,
  AV_FRAME_FLAG_INTERLACED,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_SMPTE170M,
} from 'node-av/constants';
import { StudioError } from '#core/contract/errors';
import type { RgbPicture } from '#service/media/decode/picture';

/** Writes JPEGs, one after another; fastest when they have the same size. */
export interface JpegWriter {
  /** 4:2:0. @param quality FFmpeg's scale: 2 is best, 31 worst */
  encode(frame: Frame, width: number, height: number, quality: number): Buffer;
  close(): void;
}

/** FFmpeg's `FF_QP2LAMBDA`. */
const LAMBDA = 118;

const check = (code: number, step: string): void => {
  if (code < 0) throw new StudioError('internal', `A JPEG could not be written (${step}: ${code}).`);
};

function openEncoder(width: number, height: number, quality: number): CodecContext {
  const codec = Codec.findEncoder(AV_CODEC_ID_MJPEG);
  if (codec === null) throw new StudioError('internal', 'There is no JPEG encoder.');
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.width = width;
  encoder.height = height;
  encoder.pixelFormat = AV_PIX_FMT_YUVJ420P;
  encoder.colorRange = AVCOL_RANGE_JPEG;
  encoder.timeBase = new Rational(1, 25);
  encoder.threadCount = 1;
  encoder.setFlags(AV_CODEC_FLAG_QSCALE);
  encoder.globalQuality = quality * LAMBDA;
  check(encoder.open2Sync(codec, null), 'opening');
  return encoder;
}

/** Opens a writer. */
export function createJpegWriter(): JpegWriter {
  const scaler = new SoftwareScaleContext();
  const target = new Frame();
  const packet = new Packet();
  scaler.allocContext();
  target.alloc();
  packet.alloc();
  let encoder: CodecContext | null = null;
  let key = '';
  let count = 0;
  return {
    encode: (frame, width, height, quality) => {
      const wanted = `${width}x${height}q${quality}`;
      if (encoder === null || wanted !== key) {
        encoder?.freeContext();
        encoder = openEncoder(width, height, quality);
        key = wanted;
      }
      target.unref();
      target.width = width;
      target.height = height;
      target.format = AV_PIX_FMT_YUVJ420P;
      check(target.getBuffer(0), 'memory');
      frame.clearFlags(AV_FRAME_FLAG_INTERLACED);
      target.colorRange = AVCOL_RANGE_JPEG;
      target.colorSpace = AVCOL_SPC_SMPTE170M;
      check(scaler.scaleFrameSync(target, frame), 'scaling');
      target.quality = quality * LAMBDA;
      target.pts = BigInt(count);
      count += 1;
      check(encoder.sendFrameSync(target), 'encoding');
      check(encoder.receivePacketSync(packet), 'result');
      const data = packet.data;
      if (data === null) throw new StudioError('internal', 'A JPEG came out empty.');
      const result = Buffer.from(data);
      packet.unref();
      return result;
    },
    close: () => {
      encoder?.freeContext();
      encoder = null;
      scaler.freeContext();
      target.free();
      packet.free();
    },
  };
}

/** JPEG of an RGB picture. @param quality FFmpeg's scale: 2 is best, 31 worst */
export function encodeJpeg({ width, height, rgb }: RgbPicture, quality = 4): Buffer {
  const writer = createJpegWriter();
  const from = new Frame();
  try {
    from.alloc();
    from.width = width;
    from.height = height;
    from.format = AV_PIX_FMT_RGB24;
    check(from.getBuffer(0), 'memory');
    const rows = from.data?.[0];
    const stride = from.linesize[0] ?? 0;
    if (rows === undefined) throw new StudioError('internal', 'No picture buffer.');
    for (let y = 0; y < height; y += 1)
      rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * stride);
    return writer.encode(from, width, height, quality);
  } finally {
    from.free();
    writer.close();
  }
}
