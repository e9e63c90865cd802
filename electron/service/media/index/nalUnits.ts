/**
 * The units inside packets of H.264, as far as it takes to tell which pictures no other is built on, and from which key frames a player can start.
 * ITU-T H.264 7.3.1 and 7.4.1; neither decodes anything.
 */
import { AV_CODEC_ID_H264 } from 'node-av/constants';
import type { Source } from '#service/media/file/source';

/** How units are told apart in a file's packets: bytes of the length before each unit, 0 for start codes; null where it is not H.264. */
export function nalLengthBytes(source: Source): number | null {
  const { codecpar } = source.stream;
  if (codecpar.codecId !== AV_CODEC_ID_H264) return null;
  const extra = codecpar.extradata ?? new Uint8Array();
  return extra[0] === 1 ? ((extra[4] ?? 0) & 3) + 1 : 0;
}

/** First byte of every unit: `nal_ref_idc` in bits 5 and 6, `nal_unit_type` in the lowest five. */
export function* nalHeads(data: Uint8Array, lengthBytes: number): Generator<number> {
  let at = 0;
  while (at + 4 < data.length) {
    let start = at + lengthBytes;
    let end = data.length;
    if (lengthBytes > 0) {
      end = start;
      for (let i = 0; i < lengthBytes; i += 1) end += data[at + i]! * 256 ** (lengthBytes - 1 - i);
    } else {
      while (start + 2 < end && !(data[start] === 0 && data[start + 1] === 0 && data[start + 2] === 1))
        start += 1;
      start += 3;
      end = start;
    }
    if (start >= data.length) return;
    yield data[start]!;
    at = Math.max(end, at + 1);
  }
}

const isPicture = (head: number): boolean => (head & 31) >= 1 && (head & 31) <= 5;

/** Whether the first picture in a packet is an IDR picture; true where there is none. */
export function startsWithIdr(data: Uint8Array, lengthBytes: number): boolean {
  for (const head of nalHeads(data, lengthBytes)) if (isPicture(head)) return (head & 31) === 5;
  return true;
}

/** Whether a packet holds pictures, and no other picture may refer to any of them (`nal_ref_idc` 0). */
export function isDisposable(data: Uint8Array, lengthBytes: number): boolean {
  let pictures = 0;
  for (const head of nalHeads(data, lengthBytes)) {
    const type = head & 31;
    // Parameter sets and the like are needed by what follows.
    if (type === 7 || type === 8 || (isPicture(head) && (head & 0x60) !== 0)) return false;
    if (isPicture(head)) pictures += 1;
  }
  return pictures > 0;
}
