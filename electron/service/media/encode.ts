/**
 * Writes videos: generated footage, fixtures, proxies. H.264 in MP4 by default, with the exact PTS of every frame.
 */
import { rename, rm } from 'node:fs/promises';
import {
  Codec,
  CodecContext,
  FormatContext,
  Frame,
  IOContext,
  Log,
  Option,
  Packet,
  Rational as AvRational,
  SoftwareScaleContext,
  type Stream,
} from 'node-av/lib';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_LOG_QUIET,
  AV_OPT_SEARCH_CHILDREN,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_YUV420P,
  AVFMT_GLOBALHEADER,
  AVIO_FLAG_WRITE,
  AVCOL_PRI_BT709,
  AVCOL_RANGE_MPEG,
  AVCOL_SPC_BT709,
  AVCOL_TRC_BT709,
  type AVPixelFormat,
  type FFEncoderCodec,
} from 'node-av/constants';
import { StudioError } from '#core/contract/errors';
import type { Rational } from '#core/contract/info';

Log.setLevel(AV_LOG_QUIET);

/** How a video is written. */
export interface WriteOptions {
  /** Even numbers. */
  readonly width: number;
  readonly height: number;
  /** Frames a second; ignored where `pts` is given. */
  readonly fps?: Rational;
  /** Variable rate: PTS of each frame in `timeBase`, strictly rising. */
  readonly pts?: readonly number[];
  readonly timeBase?: Rational;
  /** When the last frame ends; one step after it unless said. */
  readonly endPts?: number;
  /** FFmpeg's name of the encoder; `libx264` unless said. */
  readonly codec?: string;
  readonly pixelFormat?: AVPixelFormat;
  /** Options of the encoder (`crf`, `preset`, `x264-params`, `g`, `bf`, …). */
  readonly encoderOptions?: Readonly<Record<string, string | number>>;
  /** FFmpeg's name of the container where the file's ending does not tell. */
  readonly container?: string;
  /** Options of the container; `movflags: +faststart` for MP4 unless said. */
  readonly containerOptions?: Readonly<Record<string, string | number>>;
  readonly gop?: number;
  readonly maxBFrames?: number;
  readonly threads?: number;
  /** Last touches before the encoder opens, and before the header is written (pixel aspect, rotation, flags). */
  readonly prepareEncoder?: (encoder: CodecContext) => void;
  readonly prepareStream?: (stream: Stream) => void;
  readonly signal?: AbortSignal;
}

const check = (code: number, what: string): void => {
  if (code < 0) throw new StudioError('internal', `The video could not be written (${what}: ${code}).`);
};

/** Options by name, of the object itself or of its codec or container. Dictionaries are avoided: open2 frees them a second time. */
function setOptions(
  target: CodecContext | FormatContext,
  options: Readonly<Record<string, string | number>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    check(Option.set(target.getNative(), name, String(value), AV_OPT_SEARCH_CHILDREN), `option ${name}`);
  }
}

/** The name that a video has while it is being written. */
export function partOf(path: string): string {
  return path.replace(/(\.[^.]*)$/, '.part$1');
}

/**
 * Encodes frames into a file; the file appears under its name only when it is whole.
 *
 * @param frames uint8 RGB `[height, width, 3]` each
 * @returns how many frames were written
 */
export async function writeVideo(
  path: string,
  frames: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<number> {
  const { width, height } = options;
  const fps = options.fps ?? { num: 30, den: 1 };
  const timeBase = options.pts === undefined ? { num: fps.den, den: fps.num } : options.timeBase;
  if (timeBase === undefined) throw new StudioError('wrong-usage', 'writeVideo: PTS need a time base.');
  const temporary = partOf(path);
  const format = new FormatContext();
  const encoder = new CodecContext();
  const rgb = new Frame();
  const yuv = new Frame();
  const packet = new Packet();
  const scaler = new SoftwareScaleContext();
  const io = new IOContext();
  let opened = false;
  const closeFile = (): void => {
    if (!opened) return;
    opened = false;
    format.pb = null;
    io.closepSync();
  };
  try {
    check(format.allocOutputContext2(null, options.container ?? null, temporary), 'container');
    const codec = Codec.findEncoderByName((options.codec ?? 'libx264') as FFEncoderCodec);
    if (codec === null) throw new StudioError('internal', `There is no encoder ${String(options.codec)}.`);
    encoder.allocContext3(codec);
    encoder.width = width;
    encoder.height = height;
    encoder.pixelFormat = options.pixelFormat ?? AV_PIX_FMT_YUV420P;
    encoder.timeBase = new AvRational(timeBase.num, timeBase.den);
    if (options.pts === undefined) encoder.framerate = new AvRational(fps.num, fps.den);
    encoder.threadCount = options.threads ?? 1;
    encoder.colorRange = AVCOL_RANGE_MPEG;
    encoder.colorSpace = AVCOL_SPC_BT709;
    encoder.colorPrimaries = AVCOL_PRI_BT709;
    encoder.colorTrc = AVCOL_TRC_BT709;
    if (options.gop !== undefined) encoder.gopSize = options.gop;
    if (options.maxBFrames !== undefined) encoder.maxBFrames = options.maxBFrames;
    if (format.oformat?.hasFlags(AVFMT_GLOBALHEADER) === true) encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    options.prepareEncoder?.(encoder);
    setOptions(
      encoder,
      options.encoderOptions ?? (options.codec === undefined ? { preset: 'veryfast', crf: 16 } : {}),
    );
    check(encoder.open2Sync(codec, null), 'encoder');
    const stream = format.newStream(codec);
    check(stream.codecpar.fromContext(encoder), 'stream');
    stream.timeBase = new AvRational(timeBase.num, timeBase.den);
    if (options.pts === undefined) stream.avgFrameRate = new AvRational(fps.num, fps.den);
    options.prepareStream?.(stream);
    check(io.open2Sync(`file:${temporary}`, AVIO_FLAG_WRITE), 'file');
    opened = true;
    format.pb = io;
    const isMp4 = /\.(mp4|mov|m4v)$/.test(path);
    setOptions(format, options.containerOptions ?? (isMp4 ? { movflags: '+faststart' } : {}));
    check(format.writeHeaderSync(null), 'header');
    for (const frame of [rgb, yuv]) {
      frame.alloc();
      frame.width = width;
      frame.height = height;
    }
    rgb.format = AV_PIX_FMT_RGB24;
    yuv.format = encoder.pixelFormat;
    check(rgb.getBuffer(1), 'buffer');
    scaler.allocContext();
    packet.alloc();
    const durations = new Map<number, number>();
    options.pts?.forEach((time, i, all) => {
      const end = all[i + 1] ?? options.endPts ?? time + (i > 0 ? time - all[i - 1]! : 1);
      durations.set(time, Math.max(1, end - time));
    });
    const drain = (): void => {
      while (encoder.receivePacketSync(packet) >= 0) {
        packet.streamIndex = stream.index;
        // Without a duration the last frame would fall out of an MP4's edit list.
        packet.duration = BigInt(durations.get(Number(packet.pts)) ?? 1);
        packet.rescaleTs(timeBase, stream.timeBase);
        check(format.interleavedWriteFrameSync(packet), 'write');
        packet.unref();
      }
    };
    let count = 0;
    for await (const pixels of frames) {
      options.signal?.throwIfAborted();
      check(rgb.makeWritable(), 'buffer');
      const rows = rgb.data?.[0];
      const stride = rgb.linesize[0] ?? 0;
      if (rows === undefined) throw new StudioError('internal', 'No picture buffer.');
      if (stride === width * 3) rows.set(pixels.subarray(0, width * height * 3));
      else {
        for (let y = 0; y < height; y += 1)
          rows.set(pixels.subarray(y * width * 3, (y + 1) * width * 3), y * stride);
      }
      yuv.unref();
      yuv.width = width;
      yuv.height = height;
      yuv.format = encoder.pixelFormat;
      yuv.colorRange = AVCOL_RANGE_MPEG;
      yuv.colorSpace = AVCOL_SPC_BT709;
      check(yuv.getBuffer(0), 'buffer');
      check(scaler.scaleFrameSync(yuv, rgb), 'colour');
      const pts = options.pts === undefined ? count : options.pts[count];
      if (pts === undefined) throw new StudioError('wrong-usage', 'writeVideo: fewer PTS than frames.');
      yuv.pts = BigInt(pts);
      check(encoder.sendFrameSync(yuv), 'encode');
      drain();
      count += 1;
    }
    check(encoder.sendFrameSync(null), 'flush');
    drain();
    check(format.writeTrailerSync(), 'trailer');
    closeFile();
    await rename(temporary, path);
    return count;
  } finally {
    closeFile();
    format.freeContext();
    encoder.freeContext();
    rgb.free();
    yuv.free();
    packet.free();
    scaler.freeContext();
    await rm(temporary, { force: true });
  }
}
