/**
 * Whether a file begins like a video: the bytes decide, not the name, so that nothing else is ever sent as media, whatever a path or a link in a project
 * points to. A file whose beginning is damaged is not sent either; its frames still come from the decoder.
 */

/** Bytes of a file's beginning that are looked at. */
export const HEAD_BYTES = 192 + 4 + 1;

/** Kinds of the first box of MP4 and QuickTime files. */
const BOXES = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'styp', 'moof']);
const STARTS: readonly string[] = [
  '1a45dfa3', // Matroska, WebM
  '4f676753', // Ogg
  '47494638', // GIF
  '464c5601', // Flash video
  '3026b275', // Windows Media
  '060e2b34', // MXF
  '444b4946', // IVF
  '000001ba', // MPEG program stream
  '000001b3', // MPEG video
  '000001b0', // MPEG-4 visual
  '000001b5',
  '00000001', // H.264 and H.265 byte streams
  '00000167',
  '2e524d46', // RealMedia
];
const TS_SYNC = 0x47;
const TS_PACKET = 188;
const M2TS_PACKET = 192;

/** @param head the first `HEAD_BYTES` bytes, fewer where the file is shorter */
export function looksLikeVideo(head: Buffer): boolean {
  if (BOXES.has(head.toString('latin1', 4, 8))) return true;
  if (head.toString('latin1', 0, 4) === 'RIFF' && head.toString('latin1', 8, 12) === 'AVI ') return true;
  if (STARTS.includes(head.toString('hex', 0, 4))) return true;
  // Transport streams have no head: packets of one length, each with the same first byte.
  return (
    (head[0] === TS_SYNC && (head.length <= TS_PACKET || head[TS_PACKET] === TS_SYNC)) ||
    (head[4] === TS_SYNC && (head.length <= M2TS_PACKET + 4 || head[M2TS_PACKET + 4] === TS_SYNC))
  );
}
