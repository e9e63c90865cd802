/**
 * Still pictures as files: PNG (exact), BMP (exact and without any work, for the player's paused picture), JPEG (small, for thumbnails).
 */
import { crc32, deflateSync } from 'node:zlib';
import type { RgbPicture } from '#service/media/decode/picture';
import { encodeJpeg } from './jpeg.ts';

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
