/**
 * Still pictures as files: PNG (exact), BMP (exact and without any work, for the player's paused picture), JPEG (small, for thumbnails).
 */
import { crc32, deflateSync } from 'node:zlib';
import { Codec, CodecContext, Frame, Packet, Rational, SoftwareScaleContext } from 'node-av/lib';
import {
  AV_CODEC_FLAG_QSCALE,
  AV_CODEC_ID_MJPEG,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_SMPTE170M,
} from 'node-av/constants';
import { StudioError } from '#core/contract/errors';

/** An upright picture, uint8 RGB `[height, width, 3]`. */
export interface RgbPicture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** File formats of stills. */
export type StillFormat = 'png' | 'bmp' | 'jpg' | 'rgba';

function chunk(type: string, data: Uint8Array): Buffer {
  const result = Buffer.alloc(12 + data.length);
  result.writeUInt32BE(data.length, 0);
  result.write(type, 4, 'latin1');
  result.set(data, 8);
  result.writeUInt32BE(crc32(result.subarray(4, 8 + data.length)), 8 + data.length);
  return result;
}

/** PNG, 8-bit RGB; rows predicted from their left neighbour, light compression. */
export function encodePng({ width, height, rgb }: RgbPicture): Buffer {
  const stride = width * 3;
  const raw = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y += 1) {
    const to = y * (stride + 1);
    const from = y * stride;
    raw[to] = 1;
    for (let x = 0; x < 3 && x < stride; x += 1) raw[to + 1 + x] = rgb[from + x]!;
    for (let x = 3; x < stride; x += 1) raw[to + 1 + x] = rgb[from + x]! - rgb[from + x - 3]!;
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(raw, { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** BMP, 24-bit, top row first. */
export function encodeBmp({ width, height, rgb }: RgbPicture): Buffer {
  const stride = (width * 3 + 3) & ~3;
  const result = Buffer.alloc(54 + stride * height);
  result.write('BM', 'latin1');
  result.writeUInt32LE(result.length, 2);
  result.writeUInt32LE(54, 10);
  result.writeUInt32LE(40, 14);
  result.writeInt32LE(width, 18);
  result.writeInt32LE(-height, 22);
  result.writeUInt16LE(1, 26);
  result.writeUInt16LE(24, 28);
  result.writeUInt32LE(stride * height, 34);
  for (let y = 0; y < height; y += 1) {
    let to = 54 + y * stride;
    let from = y * width * 3;
    for (let x = 0; x < width; x += 1) {
      result[to] = rgb[from + 2]!;
      result[to + 1] = rgb[from + 1]!;
      result[to + 2] = rgb[from]!;
      to += 3;
      from += 3;
    }
  }
  return result;
}

/** Raw RGBA, row by row, opaque. */
export function toRgba({ width, height, rgb }: RgbPicture): Buffer {
  const result = Buffer.alloc(width * height * 4, 255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    result[to] = rgb[from]!;
    result[to + 1] = rgb[from + 1]!;
    result[to + 2] = rgb[from + 2]!;
  }
  return result;
}

/** JPEG, 4:2:0. @param quality FFmpeg's scale: 2 is best, 31 worst */
export function encodeJpeg({ width, height, rgb }: RgbPicture, quality = 4): Buffer {
  const codec = Codec.findEncoder(AV_CODEC_ID_MJPEG);
  if (codec === null) throw new StudioError('internal', 'There is no JPEG encoder.');
  const encoder = new CodecContext();
  const scaler = new SoftwareScaleContext();
  const from = new Frame();
  const to = new Frame();
  const packet = new Packet();
  try {
    encoder.allocContext3(codec);
    encoder.width = width;
    encoder.height = height;
    encoder.pixelFormat = AV_PIX_FMT_YUVJ420P;
    encoder.colorRange = AVCOL_RANGE_JPEG;
    encoder.timeBase = new Rational(1, 25);
    encoder.threadCount = 1;
    encoder.setFlags(AV_CODEC_FLAG_QSCALE);
    encoder.globalQuality = quality * 118;
    for (const [frame, format] of [
      [from, AV_PIX_FMT_RGB24],
      [to, AV_PIX_FMT_YUVJ420P],
    ] as const) {
      frame.alloc();
      frame.width = width;
      frame.height = height;
      frame.format = format;
      if (frame.getBuffer(0) < 0) throw new StudioError('out-of-memory', 'There is no memory for a picture.');
    }
    to.colorRange = AVCOL_RANGE_JPEG;
    to.colorSpace = AVCOL_SPC_SMPTE170M;
    const rows = from.data?.[0];
    const stride = from.linesize[0] ?? 0;
    if (rows === undefined) throw new StudioError('internal', 'No picture buffer.');
    for (let y = 0; y < height; y += 1)
      rows.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * stride);
    scaler.allocContext();
    packet.alloc();
    to.quality = quality * 118;
    const codes = [
      encoder.open2Sync(codec, null),
      scaler.scaleFrameSync(to, from),
      encoder.sendFrameSync(to),
      encoder.sendFrameSync(null),
      encoder.receivePacketSync(packet),
    ];
    const data = packet.data;
    if (codes.some((code) => code < 0) || data === null)
      throw new StudioError('internal', `JPEG failed (${codes.join(', ')}).`);
    return Buffer.from(data);
  } finally {
    encoder.freeContext();
    scaler.freeContext();
    from.free();
    to.free();
    packet.free();
  }
}

/** A still in the wanted format. */
export function encodeStill(picture: RgbPicture, format: StillFormat): Buffer {
  switch (format) {
    case 'png':
      return encodePng(picture);
    case 'bmp':
      return encodeBmp(picture);
    case 'jpg':
      return encodeJpeg(picture, 2);
    case 'rgba':
      return toRgba(picture);
  }
}
