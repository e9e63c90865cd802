/**
 * A decoding process: FFmpeg's native code runs here, so that a file which crashes it takes down nothing else.
 *
 * One request at a time. Long work sends a beat now and then; when beats stay away, or memory grows too much, the service ends the process.
 */
import process from 'node:process';
import { StudioError, toErrorInfo } from '#core/contract/errors';
import { encodeStill } from '#service/media/derive/images';
import { createJpegWriter, type JpegWriter } from '#service/media/derive/jpeg';
import { makePeaks } from '#service/media/derive/peaks';
import { makeProxy } from '#service/media/derive/proxy';
import { makeSheet } from '#service/media/derive/thumbnails';
import { openExact, type ExactReader } from '#service/media/exact';
import type { FrameIndex } from '#service/media/frameIndex';
import { openFrameIndex } from '#service/media/indexCache';
import { describeSource } from '#service/media/probe';
import { openSource } from '#service/media/source';
import type { DecodeCallName, DecodeCalls, DecodeReply, DecodeRequest, VideoFile } from './protocol.ts';

/** Files kept open for stepping. */
const OPEN_FILES = 2;
const KEPT_BYTES = 128 * 1024 * 1024;
const BEAT_MS = 250;
/** The process gives up by itself before the service ends it. */
const MAX_RSS = 960 * 1024 * 1024;

let current = 0;
let lastBeat = 0;
const indexes = new Map<string, FrameIndex>();
let jpeg: JpegWriter | null = null;
const readers = new Map<string, ExactReader>();

const send = (reply: DecodeReply): void => {
  process.send?.(reply);
};

function beat(share = 0): void {
  const now = performance.now();
  if (now - lastBeat < BEAT_MS) return;
  lastBeat = now;
  send({ type: 'beat', id: current, share });
  if (process.memoryUsage.rss() > MAX_RSS) {
    throw new StudioError('out-of-memory', 'Reading this file takes more memory than is allowed.');
  }
}

async function indexOf(file: VideoFile): Promise<FrameIndex> {
  const known = indexes.get(file.contentHash);
  if (known !== undefined) return known;
  const index = await openFrameIndex(file.path, file.indexFolder, { known: file.contentHash, onWork: beat });
  indexes.set(file.contentHash, index);
  for (const oldest of indexes.keys()) {
    if (indexes.size <= 4) break;
    indexes.delete(oldest);
  }
  return index;
}

function readerOf(file: VideoFile, index: FrameIndex): ExactReader {
  const key = `${file.contentHash}:${file.path}`;
  const reader = readers.get(key) ?? openExact(file.path, index, { maxBytes: KEPT_BYTES, onWork: beat });
  readers.delete(key);
  readers.set(key, reader);
  for (const [oldest, other] of readers) {
    if (readers.size <= OPEN_FILES) break;
    other.close();
    readers.delete(oldest);
  }
  return reader;
}

function forget(): void {
  for (const reader of readers.values()) reader.close();
  readers.clear();
  indexes.clear();
  jpeg?.close();
  jpeg = null;
}

type Handlers = {
  readonly [K in DecodeCallName]: (args: DecodeCalls[K]['args']) => Promise<DecodeCalls[K]['result']>;
};

const handlers: Handlers = {
  probe: async (file) => {
    const index = await indexOf(file);
    const source = openSource(file.path);
    try {
      return { ...describeSource(source, index), pts: [] };
    } finally {
      source.close();
    }
  },
  frame: async ({ frame, format, maxWidth, maxHeight, ...file }) => {
    const index = await indexOf(file);
    const shrinks = maxWidth > 0 && maxHeight > 0;
    if (format === 'jpg' && !shrinks) {
      const direct = readerOf(file, index).withFrame(frame, (decoded, maker) => {
        if (!maker.isUpright) return null;
        jpeg ??= createJpegWriter();
        const { width, height } = decoded;
        return { width, height, data: jpeg.encode(decoded, width, height, 2) };
      });
      if (direct !== null) return { ...direct, pts: index.pts[frame]! };
    }
    const picture = readerOf(file, index).withFrame(frame, (decoded, maker) =>
      shrinks && (decoded.width > maxWidth || decoded.height > maxHeight)
        ? maker.fitted(decoded, maxWidth, maxHeight)
        : maker.full(decoded),
    );
    return {
      width: picture.width,
      height: picture.height,
      pts: index.pts[frame]!,
      data: encodeStill(picture, format),
    };
  },
  sheet: async ({ densitySec, sheet, ...file }) =>
    makeSheet(file.path, await indexOf(file), densitySec, sheet, beat),
  peaks: async (file) => {
    const index = await indexOf(file);
    return makePeaks(file.path, (index.pts[0]! * index.timeBase.num) / index.timeBase.den, beat);
  },
  proxy: async ({ out, ...file }) => makeProxy(file.path, await indexOf(file), out, beat),
  forget: async () => {
    forget();
    return null;
  },
};

let queue: Promise<void> = Promise.resolve();

async function answer({ id, name, args }: DecodeRequest): Promise<void> {
  current = id;
  lastBeat = performance.now();
  try {
    const result = await (handlers[name] as (value: unknown) => Promise<unknown>)(args);
    send({ type: 'done', id, result, rssBytes: process.memoryUsage.rss() });
  } catch (error) {
    // What is open may be in any state after a failure.
    forget();
    send({ type: 'failed', id, error: toErrorInfo(error), rssBytes: process.memoryUsage.rss() });
  }
}

process.on('message', (request: DecodeRequest) => {
  queue = queue.then(() => answer(request));
});
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });
