/**
 * One pass over a file's packets: times, seek points, and whether packets alone can tell which frames are shown.
 */
import {
  AV_CODEC_ID_VP8,
  AV_PKT_FLAG_CORRUPT,
  AV_PKT_FLAG_DISCARD,
  AVERROR_EAGAIN,
  AVERROR_EOF,
} from 'node-av/constants';
import { Packet } from 'node-av/lib';
import type { IdentityKind } from '#service/media/decode/decodePass';
import { nalLengthBytes, startsWithIdr } from './nalUnits.ts';
import { timestamp, type Source } from '#service/media/file/source';

/** Points where decoding can start, in rising order of PTS. */
export interface SeekPoints {
  readonly pts: Float64Array;
  readonly dts: Float64Array;
}

/** What the packets say. */
export interface PacketScan {
  readonly count: number;
  /** Sorted; meaningful where `identity` is `pts`. */
  readonly pts: Float64Array;
  readonly identity: IdentityKind;
  /** False where the decoder must be asked. */
  readonly trusted: boolean;
  readonly keys: SeekPoints;
  /** The usual distance between frames. */
  readonly step: number;
  readonly durationAt: (id: number) => number;
  readonly discarded: number;
  /** Some key frames of H.264 are no IDR pictures (open GOP, intra refresh): Chromium's player fails when it jumps to one. */
  readonly openKeys: boolean;
  /** How often the clock starts anew: files that were copied one behind the other. */
  readonly restarts: number;
  /** [packets] PTS in the order of the file, where the clock restarts; else null. */
  readonly ptsInOrder: Float64Array | null;
  /** Reading ended before the end: times of the first packet that is cut or missing. */
  readonly brokenFrom: number | null;
  readonly expectedCount: number;
}

/** Seek points closer than this many packets are thinned out, to keep tables of intra-only files small. */
const KEY_DISTANCE = 10;

/** A clock that jumps back further than this has started anew; less is disorder. */
const RESTART_SEC = 0.5;

/** A typed list that grows. */
class Growing {
  #data = new Float64Array(4096);
  length = 0;
  push(value: number): void {
    if (this.length === this.#data.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.length] = value;
    this.length += 1;
  }
  take(): Float64Array<ArrayBuffer> {
    return this.#data.slice(0, this.length);
  }
}

function usualStep(sorted: Float64Array): number {
  const count = sorted.length;
  if (count < 2) return 0;
  const steps = new Float64Array(Math.min(count - 1, 2000));
  const stride = (count - 1) / steps.length;
  for (let i = 0; i < steps.length; i += 1) {
    const at = Math.floor(i * stride);
    steps[i] = sorted[at + 1]! - sorted[at]!;
  }
  steps.sort();
  return steps[steps.length >>> 1]!;
}

/** Key packets of H.264 that are looked into. */
const KEYS_LOOKED_AT = 200;

/** Reads every packet of the source's video. */
export function scanPackets(source: Source, signal?: AbortSignal, onWork?: () => void): PacketScan {
  const packet = new Packet();
  packet.alloc();
  const pts = new Growing();
  const dts = new Growing();
  const keyPts: number[] = [];
  const keyDts: number[] = [];
  let missingPts = 0;
  let missingDts = 0;
  let discarded = 0;
  let failures = 0;
  let corrupt = 0;
  let lastKeyAt = -KEY_DISTANCE;
  let lastId = 0;
  let lastDuration = 0;
  let greatestId = -Infinity;
  let firstIsKey = false;
  let packets = 0;
  let restarts = 0;
  let lastDts = -Infinity;
  const ptsInOrder = new Growing();
  const restartTicks = (RESTART_SEC * source.timeBase.den) / source.timeBase.num;
  let brokenFrom: number | null = null;
  const { codecpar } = source.stream;
  const lengthBytes = nalLengthBytes(source);
  let keysSeen = 0;
  let openKeys = false;
  const isVp8 = codecpar.codecId === AV_CODEC_ID_VP8;
  try {
    for (;;) {
      if ((packets & 1023) === 0) {
        signal?.throwIfAborted();
        onWork?.();
      }
      const code = source.format.readFrameSync(packet);
      if (code === AVERROR_EAGAIN) continue;
      if (code < 0) {
        if (code === AVERROR_EOF) break;
        failures += 1;
        brokenFrom ??= lastId;
        if (failures >= 50) break;
        continue;
      }
      if (packet.streamIndex !== source.streamIndex || packet.size === 0) {
        packet.unref();
        continue;
      }
      const isKey = packet.isKeyframe;
      const flags = packet.flags;
      const time = timestamp(packet.pts);
      const decodeTime = timestamp(packet.dts);
      if (packets === 0) firstIsKey = isKey;
      packets += 1;
      if (isKey && lengthBytes !== null && !openKeys && keysSeen < KEYS_LOOKED_AT) {
        keysSeen += 1;
        openKeys = packet.data !== null && !startsWithIdr(packet.data, lengthBytes);
      }
      ptsInOrder.push(time ?? decodeTime ?? Number.NaN);
      if (decodeTime !== null) {
        if (decodeTime < lastDts - restartTicks) restarts += 1;
        lastDts = decodeTime;
      }
      if ((flags & AV_PKT_FLAG_CORRUPT) !== 0) {
        corrupt += 1;
        brokenFrom ??= time ?? decodeTime ?? lastId;
      }
      const hidden = isVp8 && ((packet.data?.[0] ?? 0x10) & 0x10) === 0;
      if ((flags & AV_PKT_FLAG_DISCARD) !== 0) discarded += 1;
      else if (!hidden) {
        pts.push(time ?? Number.NaN);
        dts.push(decodeTime ?? Number.NaN);
        if (time === null) missingPts += 1;
        if (decodeTime === null) missingDts += 1;
        const id = time ?? decodeTime ?? pts.length;
        if (id >= greatestId) {
          greatestId = id;
          lastDuration = Number(packet.duration);
        }
        lastId = id;
      }
      if (isKey && packets - lastKeyAt >= KEY_DISTANCE) {
        keyPts.push(time ?? Number.NaN);
        keyDts.push(decodeTime ?? Number.NaN);
        lastKeyAt = packets;
      }
      packet.unref();
    }
  } finally {
    packet.free();
  }
  const decodeTimes = dts.take();
  const count = pts.length;
  // Only AVI's DTS are places in the file's own table; elsewhere missing ones are guessed, and guessed otherwise after a seek.
  const isAvi = source.format.iformat?.name === 'avi';
  const distinctDts = isAvi && missingDts === 0 && new Set(decodeTimes).size === count;
  const identity: IdentityKind =
    restarts > 0 ? 'order' : missingPts === 0 ? 'pts' : distinctDts ? 'dts' : 'order';
  const sorted = (identity === 'dts' ? decodeTimes : pts.take()).sort();
  let duplicates = 0;
  for (let i = 1; i < sorted.length; i += 1) if (sorted[i] === sorted[i - 1]) duplicates += 1;
  let step = usualStep(
    identity === 'pts' ? sorted : decodeTimes.filter((time) => !Number.isNaN(time)).sort(),
  );
  if (!(step > 0)) {
    const { num, den } = source.stream.avgFrameRate;
    step =
      num > 0 && den > 0
        ? Math.max(1, Math.round((den * source.timeBase.den) / (num * source.timeBase.num)))
        : 1;
  }
  const expectedCount = Number(source.stream.nbFrames);
  const truncated = expectedCount > 0 && expectedCount - discarded > count + discarded;
  if (truncated) brokenFrom ??= lastId;
  const keys =
    identity === 'order'
      ? { pts: new Float64Array(), dts: new Float64Array() }
      : keysOf(keyPts, keyDts, identity);
  return {
    count,
    pts: sorted,
    identity,
    restarts,
    ptsInOrder: restarts > 0 ? ptsInOrder.take() : null,
    trusted: firstIsKey && duplicates === 0 && failures === 0 && corrupt === 0 && !truncated,
    keys,
    step,
    durationAt: (id) => (id === greatestId ? lastDuration : 0),
    discarded,
    openKeys,
    // A joint itself looks like a broken packet; such files are decoded whole, and the decoder tells real damage.
    brokenFrom: restarts > 0 && failures === 0 ? null : brokenFrom,
    expectedCount,
  };
}

function keysOf(pts: readonly number[], dts: readonly number[], identity: IdentityKind): SeekPoints {
  const rows = pts
    .map((time, i) => [identity === 'pts' ? time : dts[i]!, dts[i]!] as const)
    .filter(([time, decodeTime]) => !Number.isNaN(time) && !Number.isNaN(decodeTime))
    .sort((a, b) => a[0] - b[0]);
  return { pts: Float64Array.from(rows, (row) => row[0]), dts: Float64Array.from(rows, (row) => row[1]) };
}
