/**
 * The frame index: the PTS of every presented frame, in the stream's own time base. What "frame 1234" means, everywhere in the program.
 *
 * One pass over the packets where these can tell (`packetPass.ts`), else one pass of the decoder; the first frames are always decoded and
 * compared, and small files are decoded whole, so that a packet which makes no picture is not counted as one.
 */
import type { BadgeInfo, Rational } from '#core/contract/info';
import { AV_FRAME_FLAG_INTERLACED } from 'node-av/constants';
import { createFrameReader, type IdentityKind } from '#service/media/decode/decodePass';
import { damagedRanges, describe } from './badges.ts';
import { scanPackets, type PacketScan, type SeekPoints } from './packetPass.ts';
import { fitRate } from './rate.ts';
import { seekCost, slowSeekBadge } from './seekCost.ts';
import { badVideo } from '#service/media/file/files';
import { openDecoder, openSource, threadsFor, type Source } from '#service/media/file/source';

/** Times of every frame of one video. */
export interface FrameIndex {
  readonly timeBase: Rational;
  /** [frames] integers in `timeBase`, presentation order, never falling. */
  readonly pts: Float64Array;
  /** [frames] what a frame is called inside the decoder; the same array as `pts` where packets carry PTS. */
  readonly ids: Float64Array;
  readonly identity: IdentityKind;
  /** When the last frame ends. */
  readonly endPts: number;
  readonly isVfr: boolean;
  readonly averageRate: Rational;
  readonly keys: SeekPoints;
  /** Frames that could not be decoded cleanly, as [first, last] presentation indices. */
  readonly damaged: readonly (readonly [number, number])[];
  readonly badges: readonly BadgeInfo[];
}

/** Small files are decoded whole when they are indexed: at most this many pixels in all (about a second's work). */
const WHOLE_PIXELS = 3e8;
/** Frames that are compared at the head of larger files. */
const HEAD_FRAMES = 40;

interface Decoded {
  readonly ids: number[];
  readonly outputDts: (number | null)[];
  readonly damaged: boolean[];
  readonly isKey: boolean[];
  readonly errors: number;
  readonly interlaced: boolean;
}

function decodeSome(
  source: Source,
  identity: IdentityKind,
  limit: number,
  signal: AbortSignal | undefined,
  onWork: (() => void) | undefined,
): Decoded {
  const { width, height } = source.stream.codecpar;
  const decoder = openDecoder(source, identity === 'pts' ? threadsFor(width, height) : 1);
  const reader = createFrameReader(source, decoder, identity);
  const result: Decoded & { errors: number; interlaced: boolean } = {
    ids: [],
    outputDts: [],
    damaged: [],
    isKey: [],
    errors: 0,
    interlaced: false,
  };
  try {
    while (result.ids.length < limit) {
      if (result.ids.length % 16 === 0) {
        signal?.throwIfAborted();
        onWork?.();
      }
      const item = reader.next();
      if (item === null) break;
      result.ids.push(item.id);
      result.outputDts.push(item.state.outputDts);
      result.damaged.push(item.state.damaged);
      result.isKey.push(item.state.isKey);
      if ((item.frame.flags & AV_FRAME_FLAG_INTERLACED) !== 0) result.interlaced = true;
    }
    result.errors = reader.errors();
    return result;
  } finally {
    reader.close();
    decoder.freeContext();
  }
}

/** Times of frames whose packets had no PTS: the DTS at output, continued by the usual step where the decoder gave none. */
function timesAtOutput(decoded: Decoded, step: number): Float64Array {
  const times = new Float64Array(decoded.ids.length);
  let previous = Number.NaN;
  const firstKnown = decoded.outputDts.findIndex((value) => value !== null);
  for (let i = 0; i < times.length; i += 1) {
    let time = decoded.outputDts[i] ?? null;
    if (firstKnown < 0) time = i * step;
    else if (time === null)
      time = i < firstKnown ? decoded.outputDts[firstKnown]! - (firstKnown - i) * step : previous + step;
    if (time < previous) time = previous;
    times[i] = time;
    previous = time;
  }
  return times;
}

/** Times of frames of joined files: each part goes on where the one before it ended. Frames without a time lie one step after the one before. */
function timesOfJoined(ids: readonly number[], ptsInOrder: Float64Array, step: number): Float64Array {
  let offset = 0;
  const known = ids.findIndex((id) => !Number.isNaN(ptsInOrder[id]));
  let previous = (known < 0 ? 0 : ptsInOrder[ids[known]!]!) - (known + 1) * step;
  return Float64Array.from(ids, (id) => {
    let time = ptsInOrder[id]! + offset;
    if (Number.isNaN(time)) time = previous + step;
    else if (time <= previous) {
      offset += previous + step - time;
      time = previous + step;
    }
    previous = time;
    return time;
  });
}

function fromDecoding(scan: PacketScan, decoded: Decoded): { pts: Float64Array; ids: Float64Array } {
  if (scan.ptsInOrder !== null) {
    const ids = Float64Array.from(decoded.ids);
    return { pts: timesOfJoined(decoded.ids, scan.ptsInOrder, scan.step), ids };
  }
  if (scan.identity !== 'pts') {
    return { pts: timesAtOutput(decoded, scan.step), ids: Float64Array.from(decoded.ids) };
  }
  const known = decoded.ids.filter((id) => !Number.isNaN(id));
  const pts = Float64Array.from(known).sort();
  return { pts, ids: pts };
}

/** Packet times up to where the file breaks off. */
function cleanTimes(scan: PacketScan, pts: Float64Array): Float64Array {
  const end = scan.brokenFrom === null ? Infinity : scan.brokenFrom - 4 * scan.step;
  const times = scan.pts.filter((time) => time >= pts[0]! && time < end);
  return times.length > 1 ? times : pts;
}

/**
 * Makes the index of a file; reads all of it once.
 *
 * @throws StudioError `bad-input` when there is no frame to show; the signal's reason when aborted
 */
export function buildIndex(
  source: Source,
  reopen: () => Source,
  signal?: AbortSignal,
  onWork?: () => void,
): FrameIndex {
  const scan = scanPackets(source, signal, onWork);
  const { width, height } = source.stream.codecpar;
  if (scan.count === 0) throw badVideo(source.path, 'has no frame that can be shown. It may be incomplete.');
  const wholeIsCheap = scan.count * width * height <= WHOLE_PIXELS;
  const mustDecode = !scan.trusted || scan.identity !== 'pts';
  const second = reopen();
  let decoded: Decoded;
  let whole = wholeIsCheap || mustDecode;
  try {
    decoded = decodeSome(second, scan.identity, whole ? Infinity : HEAD_FRAMES, signal, onWork);
  } finally {
    second.close();
  }
  let pts = scan.pts;
  let ids = scan.pts;
  if (!whole) {
    const same = decoded.ids.length > 0 && decoded.ids.every((id, i) => id === scan.pts[i]);
    if (!same || decoded.damaged.some(Boolean)) {
      const third = reopen();
      try {
        decoded = decodeSome(third, scan.identity, Infinity, signal, onWork);
      } finally {
        third.close();
      }
      whole = true;
    }
  }
  let damaged: (readonly [number, number])[] = [];
  if (whole) {
    const decodedTimes = fromDecoding(scan, decoded);
    if (decodedTimes.pts.length === 0) throw badVideo(source.path, 'has no frame that can be decoded.');
    const result = damagedRanges(scan, decoded, decodedTimes);
    ({ pts, ids, damaged } = result);
  }
  if (pts.some(Number.isNaN)) throw badVideo(source.path, 'has frames without a time. It may be damaged.');
  const last = pts[pts.length - 1]!;
  const endPts = last + Math.max(1, scan.durationAt(ids[ids.length - 1]!) || scan.step);
  const declared = [source.stream.avgFrameRate, source.stream.rFrameRate].map(({ num, den }) => ({
    num,
    den,
  }));
  // Frames that damage took away do not make a rate variable: where packets survive, they tell the rate.
  const forRate = scan.identity === 'pts' && damaged.length > 0 ? cleanTimes(scan, pts) : pts;
  const fit = fitRate(forRate, endPts, source.timeBase, declared);
  const cost = seekCost({ identity: scan.identity, ids, keys: scan.keys }, width * height);
  return {
    timeBase: source.timeBase,
    pts,
    ids,
    identity: scan.identity,
    endPts,
    isVfr: fit.isVfr,
    averageRate: fit.rate,
    keys: scan.keys,
    damaged,
    badges: [
      ...describe(source, scan, pts, endPts, fit.isVfr, damaged, decoded.interlaced),
      ...slowSeekBadge(cost, fit.rate.num / Math.max(1, fit.rate.den)),
    ],
  };
}

/** Makes the index of a file by path. */
export function buildFrameIndex(path: string, signal?: AbortSignal, onWork?: () => void): FrameIndex {
  const source = openSource(path);
  try {
    return buildIndex(source, () => openSource(path), signal, onWork);
  } finally {
    source.close();
  }
}

/** Which frame is shown at a time: the last one that starts at or before it; 0 before the first. */
export function indexAtPts(index: FrameIndex, pts: number): number {
  let low = 0;
  let high = index.pts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (index.pts[middle]! <= pts) low = middle;
    else high = middle - 1;
  }
  return low;
}
