/**
 * Waveform peaks at several resolutions: the least and greatest sample of every hundredth of a second, and coarser levels made of these.
 */
import {
  AV_SAMPLE_FMT_DBL,
  AV_SAMPLE_FMT_DBLP,
  AV_SAMPLE_FMT_FLT,
  AV_SAMPLE_FMT_FLTP,
  AV_SAMPLE_FMT_S16,
  AV_SAMPLE_FMT_S16P,
  AV_SAMPLE_FMT_S32,
  AV_SAMPLE_FMT_S32P,
  AV_SAMPLE_FMT_U8,
  AV_SAMPLE_FMT_U8P,
} from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import { StudioError } from '#core/contract/errors';
import { openSource, timestamp } from '#service/media/file/source';
import { PEAK_LEVELS, PEAK_RATE, packPeaks } from './peaksFile.ts';
import { openSound, type SoundReader } from './sound.ts';

type Samples = Float32Array | Float64Array | Int16Array | Int32Array | Uint8Array;

/** A frame's samples as typed arrays, and the factor and offset that bring them to −1…1. */
function samplesOf(frame: Frame): { planes: Samples[]; scale: number; zero: number } {
  const planes: Samples[] = [];
  let scale = 1;
  let zero = 0;
  const planar = [
    AV_SAMPLE_FMT_U8P,
    AV_SAMPLE_FMT_S16P,
    AV_SAMPLE_FMT_S32P,
    AV_SAMPLE_FMT_FLTP,
    AV_SAMPLE_FMT_DBLP,
  ].some((format) => format === frame.format);
  const count = frame.nbSamples * (planar ? 1 : frame.channels);
  for (const buffer of (frame.extendedData ?? frame.data ?? []).slice(0, planar ? frame.channels : 1)) {
    const view = <T>(
      size: number,
      make: (bytes: ArrayBufferLike, offset: number, length: number) => T,
    ): T => {
      const length = Math.min(count, Math.floor(buffer.length / size));
      if (buffer.byteOffset % size === 0) return make(buffer.buffer, buffer.byteOffset, length);
      const copy = Uint8Array.from(buffer);
      return make(copy.buffer, 0, length);
    };
    switch (frame.format) {
      case AV_SAMPLE_FMT_U8:
      case AV_SAMPLE_FMT_U8P:
        planes.push(view(1, (bytes, offset, length) => new Uint8Array(bytes, offset, length)));
        [scale, zero] = [1 / 128, 128];
        break;
      case AV_SAMPLE_FMT_S16:
      case AV_SAMPLE_FMT_S16P:
        planes.push(view(2, (bytes, offset, length) => new Int16Array(bytes, offset, length)));
        scale = 1 / 32768;
        break;
      case AV_SAMPLE_FMT_S32:
      case AV_SAMPLE_FMT_S32P:
        planes.push(view(4, (bytes, offset, length) => new Int32Array(bytes, offset, length)));
        scale = 1 / 2147483648;
        break;
      case AV_SAMPLE_FMT_FLT:
      case AV_SAMPLE_FMT_FLTP:
        planes.push(view(4, (bytes, offset, length) => new Float32Array(bytes, offset, length)));
        break;
      case AV_SAMPLE_FMT_DBL:
      case AV_SAMPLE_FMT_DBLP:
        planes.push(view(8, (bytes, offset, length) => new Float64Array(bytes, offset, length)));
        break;
      default:
        break;
    }
  }
  return { planes, scale, zero };
}

/** Least and greatest by bucket, growing. */
class Buckets {
  low = new Float32Array(65536).fill(Infinity);
  high = new Float32Array(65536).fill(-Infinity);
  length = 0;
  reach(bucket: number): void {
    if (bucket < this.length) return;
    this.length = bucket + 1;
    while (this.length > this.low.length) {
      const low = new Float32Array(this.low.length * 2).fill(Infinity);
      const high = new Float32Array(this.low.length * 2).fill(-Infinity);
      low.set(this.low);
      high.set(this.high);
      [this.low, this.high] = [low, high];
    }
  }
}

function addFrame(frame: Frame, atSec: number, buckets: Buckets): void {
  const { planes, scale, zero } = samplesOf(frame);
  const rate = frame.sampleRate;
  const interleaved = planes.length === 1 ? frame.channels : 1;
  const firstSample = Math.round(atSec * rate);
  const perBucket = rate / PEAK_RATE;
  for (const samples of planes) {
    const count = Math.floor(samples.length / interleaved);
    let at = 0;
    while (at < count) {
      const bucket = Math.floor((firstSample + at) / perBucket);
      const end = Math.min(count, Math.max(at + 1, Math.ceil((bucket + 1) * perBucket) - firstSample));
      let low = Infinity;
      let high = -Infinity;
      for (let i = at * interleaved; i < end * interleaved; i += 1) {
        const value = samples[i]!;
        if (value < low) low = value;
        if (value > high) high = value;
      }
      at = end;
      if (bucket < 0 || bucket > 100 * 3600 * PEAK_RATE) continue;
      buckets.reach(bucket);
      buckets.low[bucket] = Math.min(buckets.low[bucket]!, (low - zero) * scale);
      buckets.high[bucket] = Math.max(buckets.high[bucket]!, (high - zero) * scale);
    }
  }
}

function levelsOf(buckets: Buckets): Int8Array[] {
  const levels: Int8Array[] = [];
  const byte = (value: number): number =>
    Number.isFinite(value) ? Math.round(Math.min(1, Math.max(-1, value)) * 127) : 0;
  const base = new Int8Array(buckets.length * 2);
  for (let i = 0; i < buckets.length; i += 1) {
    base[i * 2] = byte(buckets.low[i]!);
    base[i * 2 + 1] = byte(buckets.high[i]!);
  }
  levels.push(base);
  for (let level = 1; level < PEAK_LEVELS; level += 1) {
    const finer = levels[level - 1]!;
    const next = new Int8Array(Math.ceil(finer.length / 8) * 2);
    for (let i = 0; i < finer.length; i += 2) {
      const to = (i >> 3) * 2;
      const isFirst = (i & 7) === 0;
      next[to] = isFirst ? finer[i]! : Math.min(next[to]!, finer[i]!);
      next[to + 1] = isFirst ? finer[i + 1]! : Math.max(next[to + 1]!, finer[i + 1]!);
    }
    levels.push(next);
  }
  return levels;
}

/**
 * Reads a file's sound once.
 *
 * @throws StudioError `not-found` when it has none
 */
export function makePeaks(path: string, startSec: number, onWork?: () => void): Buffer {
  const source = openSource(path);
  let sound: SoundReader | null = null;
  try {
    sound = openSound(source);
    if (sound === null)
      throw new StudioError('not-found', `${path} has no sound that can be decoded.`, { path });
    const tick = sound.stream.timeBase.num / sound.stream.timeBase.den;
    const buckets = new Buckets();
    let nextSec = 0;
    for (let count = 0; ; count += 1) {
      if (count % 64 === 0) onWork?.();
      const frame = sound.next();
      if (frame === null) break;
      const time = timestamp(frame.bestEffortTimestamp) ?? timestamp(frame.pts);
      const atSec = time === null ? nextSec : time * tick - startSec;
      addFrame(frame, atSec, buckets);
      nextSec = atSec + frame.nbSamples / Math.max(1, frame.sampleRate);
      frame.unref();
    }
    return packPeaks(
      levelsOf(buckets),
      Array.from({ length: PEAK_LEVELS }, (_, level) => PEAK_RATE / 4 ** level),
      startSec,
    );
  } finally {
    sound?.close();
    source.close();
  }
}
