/**
 * One opened video file: demuxer, its best video stream and, on request, a decoder. The only place that opens FFmpeg inputs.
 *
 * FFmpeg through node-av's low-level synchronous calls (two to five times faster than its asynchronous ones): callers run in a process or
 * thread of their own. Every object is closed by hand, because the garbage collector does not know its size.
 */
import { availableParallelism } from 'node:os';
import { Codec, CodecContext, FormatContext, Log, type Stream } from 'node-av/lib';
import {
  AV_DISPOSITION_ATTACHED_PIC,
  AV_LOG_QUIET,
  AV_NOPTS_VALUE,
  AV_PKT_DATA_DISPLAYMATRIX,
  AVDISCARD_ALL,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import type { Rational } from '#core/contract/info';
import { badVideo, checkFile } from './files.ts';

Log.setLevel(AV_LOG_QUIET);

/** How stored rows and columns go to the screen: `x' = a·x + c·y`, `y' = b·x + d·y`, each −1, 0 or 1. */
export interface Orientation {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  /** Clockwise turn in degrees: 0, 90, 180 or 270. */
  readonly degrees: number;
}

/** An open file. */
export interface Source {
  readonly path: string;
  readonly format: FormatContext;
  readonly stream: Stream;
  readonly streamIndex: number;
  readonly timeBase: Rational;
  readonly orientation: Orientation;
  /** Pixel width over pixel height. */
  readonly pixelAspect: Rational;
  readonly hasAudio: boolean;
  close(): void;
}

/** Frames larger than this are refused: no one labels them, and one would take gigabytes. */
const MAX_PIXELS = 8192 * 4400;

const IDENTITY: Orientation = { a: 1, b: 0, c: 0, d: 1, degrees: 0 };

/** Integer out of FFmpeg, or null where it has none. */
export function timestamp(value: bigint): number | null {
  return value === AV_NOPTS_VALUE ? null : Number(value);
}

function orientationOf(stream: Stream): Orientation {
  const matrix = stream.codecpar.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
  if (matrix === null || matrix.length < 36) return IDENTITY;
  const at = (i: number): number => matrix.readInt32LE(i * 4) / 65536;
  const raw = [at(0), at(1), at(3), at(4)];
  const size = Math.max(...raw.map(Math.abs));
  if (!(size > 0)) return IDENTITY;
  const [a, b, c, d] = raw.map((value) => Math.round(value / size)) as [number, number, number, number];
  if (Math.abs(a * d - b * c) !== 1 || (a !== 0 && b !== 0)) return IDENTITY;
  const degrees = (Math.round((Math.atan2(b, a) * 180) / Math.PI) + 360) % 360;
  return { a, b, c, d, degrees };
}

/**
 * Opens a file and finds its video.
 *
 * @throws StudioError `bad-input` naming the file: missing, empty, no video in it, too large a picture
 */
export function openSource(path: string): Source {
  checkFile(path);
  const format = new FormatContext();
  format.allocContext();
  format.probesize = 20_000_000n;
  format.maxAnalyzeDuration = 20_000_000n;
  format.maxStreams = 200;
  let opened = false;
  const close = (): void => {
    if (opened) format.closeInputSync();
    else format.freeContext();
    opened = false;
  };
  try {
    if (format.openInputSync(`file:${path}`) < 0) {
      throw badVideo(
        path,
        'is not a video that can be read. It may be damaged, incomplete or another kind of file.',
      );
    }
    opened = true;
    if (format.iformat?.name === 'tty') throw badVideo(path, 'is text, not a video.');
    if (format.findStreamInfoSync() < 0)
      throw badVideo(path, 'could not be understood: its header is damaged.');
    const streams = format.streams;
    const best = format.findBestStream(AVMEDIA_TYPE_VIDEO);
    const usable = (stream: Stream | undefined): stream is Stream =>
      stream !== undefined &&
      stream.codecpar.codecType === AVMEDIA_TYPE_VIDEO &&
      (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) === 0 &&
      stream.codecpar.width > 0;
    const stream = usable(streams[best]) ? streams[best] : streams.find(usable);
    const hasAudio = streams.some((item) => item.codecpar.codecType === AVMEDIA_TYPE_AUDIO);
    if (stream === undefined) {
      throw badVideo(
        path,
        hasAudio ? 'has sound but no picture. Choose a video file.' : 'has no video in it.',
      );
    }
    const { width, height } = stream.codecpar;
    if (width * height > MAX_PIXELS) {
      throw badVideo(
        path,
        `has pictures of ${width} × ${height} pixels, which is more than can be worked with.`,
      );
    }
    for (const other of streams) if (other.index !== stream.index) other.discard = AVDISCARD_ALL;
    const { num, den } = stream.timeBase;
    const aspect =
      stream.sampleAspectRatio.num > 0 ? stream.sampleAspectRatio : stream.codecpar.sampleAspectRatio;
    return {
      path,
      format,
      stream,
      streamIndex: stream.index,
      timeBase: { num, den },
      orientation: orientationOf(stream),
      pixelAspect:
        aspect.num > 0 && aspect.den > 0 ? { num: aspect.num, den: aspect.den } : { num: 1, den: 1 },
      hasAudio,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Decoding threads that pay: small pictures are faster on one. */
export function threadsFor(width: number, height: number, limit = 4): number {
  return width * height >= 640 * 480 ? Math.min(limit, availableParallelism()) : 1;
}

/**
 * A decoder for the source's video. The caller frees it.
 *
 * @throws StudioError `bad-input` when FFmpeg has no decoder for it
 */
export function openDecoder(source: Source, threads: number): CodecContext {
  const parameters = source.stream.codecpar;
  const codec = Codec.findDecoder(parameters.codecId);
  if (codec === null) throw badVideo(source.path, 'is in a video format that cannot be decoded here.');
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(parameters);
  decoder.pktTimebase = source.stream.timeBase;
  decoder.threadCount = threads;
  decoder.setOption('max_pixels', BigInt(MAX_PIXELS));
  if (decoder.open2Sync(codec) < 0) {
    decoder.freeContext();
    throw badVideo(source.path, `could not be decoded (${codec.name ?? 'unknown codec'}).`);
  }
  return decoder;
}
