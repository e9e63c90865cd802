/**
 * The sound of a proxy: the original's, as AAC, at its own times, beside video packets that are copied as they are.
 *
 * Gaps in the original's sound are filled with silence and overlaps cut (FFmpeg's `aresample=async=1`), so that sound stays where it belongs
 * however the original's packets lie.
 */
import {
  AV_CHANNEL_LAYOUT_STEREO,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_OPT_SEARCH_CHILDREN,
  AV_SAMPLE_FMT_FLTP,
  AVDISCARD_ALL,
  AVDISCARD_DEFAULT,
  AVERROR_EAGAIN,
  AVIO_FLAG_WRITE,
  AVMEDIA_TYPE_AUDIO,
  type FFEncoderCodec,
} from 'node-av/constants';
import {
  Codec,
  CodecContext,
  Filter,
  FilterGraph,
  FormatContext,
  Frame,
  IOContext,
  Option,
  Packet,
  Rational,
  avGetSampleFmtName,
  type FilterContext,
  type Stream,
} from 'node-av/lib';
import { StudioError } from '#core/contract/errors';
import { openSource, timestamp, type Source } from '#service/media/file/source';

const RATE = 48_000;
/** Samples in an AAC packet. */
const PACKET_SAMPLES = 1024;
const BITS_PER_SECOND = 128_000;
/** Refused packets after which the rest of the sound is given up. */
const MAX_FAILURES = 200;

const check = (code: number, what: string): void => {
  if (code < 0) throw new StudioError('internal', `The sound could not be written (${what}: ${code}).`);
};

/** The sound of an open file, ready to be read. */
export interface SoundReader {
  readonly stream: Stream;
  /** Decodes on into `frame`, which is the reader's; null at the end. */
  next(): Frame | null;
  close(): void;
}

/** Opens the best sound of a source, whose picture is not read any more. Null when there is none that can be decoded. */
export function openSound(source: Source): SoundReader | null {
  const stream = source.format.streams[source.format.findBestStream(AVMEDIA_TYPE_AUDIO)];
  const codec = stream === undefined ? null : Codec.findDecoder(stream.codecpar.codecId);
  if (stream === undefined || codec === null) return null;
  const decoder = new CodecContext();
  decoder.allocContext3(codec);
  decoder.parametersToContext(stream.codecpar);
  decoder.pktTimebase = stream.timeBase;
  decoder.threadCount = 1;
  if (decoder.open2Sync(codec, null) < 0) {
    decoder.freeContext();
    return null;
  }
  for (const other of source.format.streams)
    other.discard = other.index === stream.index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  const packet = new Packet();
  const frame = new Frame();
  packet.alloc();
  frame.alloc();
  let failures = 0;
  let draining = false;
  return {
    stream,
    next: () => {
      for (;;) {
        if (decoder.receiveFrameSync(frame) >= 0) return frame;
        if (draining) return null;
        const code = source.format.readFrameSync(packet);
        if (code === AVERROR_EAGAIN) continue;
        if (code < 0 || failures >= MAX_FAILURES) {
          draining = true;
          decoder.sendPacketSync(null);
          continue;
        }
        if (packet.streamIndex === stream.index && decoder.sendPacketSync(packet) < 0) failures += 1;
        packet.unref();
      }
    },
    close: () => {
      packet.free();
      frame.free();
      decoder.freeContext();
    },
  };
}

/** Resamples whatever comes to stereo at `RATE`, in packets' lengths; a graph is made anew where the sound changes its shape. */
function createShaper(timeBase: { readonly num: number; readonly den: number }) {
  let graph: FilterGraph | null = null;
  let input: FilterContext | null = null;
  let output: FilterContext | null = null;
  let shape = '';
  const make = (name: string, args: string | null): FilterContext => {
    const filter = Filter.getByName(name);
    const context = filter === null ? null : graph?.createFilter(filter, `one-${name}`, args);
    if (context === null || context === undefined)
      throw new StudioError('internal', `The sound could not be written (filter ${name}).`);
    return context;
  };
  const build = (frame: Frame): void => {
    graph?.free();
    graph = new FilterGraph();
    graph.alloc();
    const { mask, nbChannels } = frame.channelLayout;
    const layout = mask === 0n ? `${nbChannels}c` : `0x${mask.toString(16)}`;
    const format = avGetSampleFmtName(frame.format as typeof AV_SAMPLE_FMT_FLTP) ?? 'fltp';
    input = make(
      'abuffer',
      `time_base=${timeBase.num}/${timeBase.den}:sample_rate=${frame.sampleRate}:sample_fmt=${format}:channel_layout=${layout}`,
    );
    const chain = [
      make('aresample', `${RATE}:async=1`),
      make('aformat', 'sample_fmts=fltp:channel_layouts=stereo'),
      make('asetnsamples', `n=${PACKET_SAMPLES}:p=0`),
    ];
    output = make('abuffersink', null);
    [input, ...chain].forEach((from, i) => check(from.link(0, chain[i] ?? output!, 0), 'filters'));
    check(graph.configSync(), 'filters');
  };
  return {
    /** Puts a frame in; null says that no more come. False when the frame cannot be used. */
    put: (frame: Frame | null): boolean => {
      if (frame === null) return input !== null && input.buffersrcAddFrameSync(null) >= 0;
      const now = `${frame.format}:${frame.sampleRate}:${frame.channelLayout.nbChannels}:${frame.channelLayout.mask}`;
      if (now !== shape) {
        shape = now;
        build(frame);
      }
      return input!.buffersrcAddFrameSync(frame) >= 0;
    },
    take: (into: Frame): boolean => output !== null && output.buffersinkGetFrameSync(into) >= 0,
    free: () => {
      graph?.free();
    },
  };
}

function openAac(globalHeader: boolean): CodecContext {
  const codec = Codec.findEncoderByName('aac' as FFEncoderCodec);
  if (codec === null) throw new StudioError('internal', 'There is no AAC encoder.');
  const encoder = new CodecContext();
  encoder.allocContext3(codec);
  encoder.sampleRate = RATE;
  encoder.sampleFormat = AV_SAMPLE_FMT_FLTP;
  encoder.channelLayout = AV_CHANNEL_LAYOUT_STEREO;
  encoder.bitRate = BigInt(BITS_PER_SECOND);
  encoder.timeBase = new Rational(1, RATE);
  encoder.threadCount = 1;
  if (globalHeader) encoder.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  check(encoder.open2Sync(codec, null), 'AAC');
  return encoder;
}

/** Packets of AAC, one after another, in 1/`RATE` seconds of the source's clock and so much `later`; the packet is reused. */
function* aacPackets(sound: SoundReader, encoder: CodecContext, later: bigint): Generator<Packet> {
  const { num, den } = sound.stream.timeBase;
  const shaper = createShaper({ num, den });
  const packet = new Packet();
  const shaped = new Frame();
  packet.alloc();
  shaped.alloc();
  function* drain(): Generator<Packet> {
    while (encoder.receivePacketSync(packet) >= 0) {
      packet.pts += later;
      packet.dts += later;
      yield packet;
      packet.unref();
    }
  }
  function* encode(): Generator<Packet> {
    while (shaper.take(shaped)) {
      if (encoder.sendFrameSync(shaped) >= 0) yield* drain();
      shaped.unref();
    }
  }
  try {
    let nextTicks: number | null = null;
    for (let frame = sound.next(); frame !== null; frame = sound.next()) {
      const time: number = timestamp(frame.bestEffortTimestamp) ?? timestamp(frame.pts) ?? nextTicks ?? 0;
      frame.pts = BigInt(time);
      nextTicks = time + Math.round((frame.nbSamples * den) / (Math.max(1, frame.sampleRate) * num));
      const used = shaper.put(frame);
      frame.unref();
      if (used) yield* encode();
    }
    if (shaper.put(null)) yield* encode();
    if (encoder.sendFrameSync(null) >= 0) yield* drain();
  } finally {
    shaper.free();
    packet.free();
    shaped.free();
  }
}

/**
 * Writes a copy of an MP4's video together with the sound of another file.
 *
 * @param options of the MP4 (`movflags`, …)
 * @param laterSec by so much the video's times are later than the original's
 * @returns false, and writes nothing, when the other file has no sound that can be decoded
 */
export function addSound(
  silent: string,
  original: string,
  out: string,
  options: Readonly<Record<string, string | number>>,
  laterSec: number,
  onWork?: () => void,
): boolean {
  const picture = openSource(silent);
  const source = openSource(original);
  const output = new FormatContext();
  const io = new IOContext();
  const packet = new Packet();
  let sound: SoundReader | null = null;
  let encoder: CodecContext | null = null;
  let opened = false;
  try {
    sound = openSound(source);
    if (sound === null) return false;
    check(output.allocOutputContext2(null, 'mp4', out), 'container');
    encoder = openAac(true);
    const video = output.newStream(null);
    check(picture.stream.codecpar.copy(video.codecpar), 'picture');
    video.codecpar.codecTag = 0;
    video.timeBase = new Rational(picture.timeBase.num, picture.timeBase.den);
    const audio = output.newStream(null);
    check(audio.codecpar.fromContext(encoder), 'sound');
    audio.timeBase = new Rational(1, RATE);
    check(io.open2Sync(`file:${out}`, AVIO_FLAG_WRITE), 'file');
    opened = true;
    output.pb = io;
    for (const [name, value] of Object.entries(options))
      check(Option.set(output.getNative(), name, String(value), AV_OPT_SEARCH_CHILDREN), `option ${name}`);
    check(output.writeHeaderSync(null), 'header');
    packet.alloc();
    const sounds = aacPackets(sound, encoder, BigInt(Math.round(laterSec * RATE)));
    let next = sounds.next();
    /** Writes sound up to a time, so that the container never holds back much of either. */
    const soundUntil = (sec: number): void => {
      while (next.done !== true && Number(next.value.pts) / RATE <= sec) {
        next.value.streamIndex = audio.index;
        next.value.rescaleTs({ num: 1, den: RATE }, audio.timeBase);
        check(output.interleavedWriteFrameSync(next.value), 'write');
        next = sounds.next();
      }
    };
    for (let count = 0; ; count += 1) {
      if (count % 32 === 0) onWork?.();
      const code = picture.format.readFrameSync(packet);
      if (code === AVERROR_EAGAIN) continue;
      if (code < 0) break;
      if (packet.streamIndex === picture.streamIndex) {
        soundUntil((Number(packet.dts) * picture.timeBase.num) / picture.timeBase.den);
        packet.streamIndex = video.index;
        packet.rescaleTs(picture.timeBase, video.timeBase);
        check(output.interleavedWriteFrameSync(packet), 'write');
      }
      packet.unref();
    }
    while (next.done !== true) {
      onWork?.();
      soundUntil(Number(next.value.pts) / RATE + 10);
    }
    check(output.writeTrailerSync(), 'trailer');
    return true;
  } finally {
    if (opened) {
      output.pb = null;
      io.closepSync();
    }
    packet.free();
    sound?.close();
    encoder?.freeContext();
    output.freeContext();
    picture.close();
    source.close();
  }
}
