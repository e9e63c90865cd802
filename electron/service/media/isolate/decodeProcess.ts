/**
 * A decoding process: FFmpeg's native code runs here, so that a file which crashes it takes down nothing else.
 *
 * One request at a time. Long work sends a beat now and then; when beats stay away, or memory grows too much, the service ends the process. What nobody
 * waits for is done in short parts, between which messages are read.
 */
import { setPriority } from 'node:os';
import process from 'node:process';
import { StudioError, toErrorInfo } from '#core/contract/errors';
import { fullHash } from '#service/media/file/contentHash';
import { makePeaks } from '#service/media/derive/peaks';
import { makeProxy } from '#service/media/derive/proxy';
import { makeSheet } from '#service/media/derive/thumbnails';
import type { FrameIndex } from '#service/media/index/frameIndex';
import { openFrameIndex } from '#service/media/index/indexCache';
import { describeSource } from '#service/media/file/probe';
import { openSource } from '#service/media/file/source';
import type {
  DecodeCallName,
  DecodeCalls,
  DecodeReply,
  DecodeRequest,
  PutOff,
  Still,
  VideoFile,
} from './protocol.ts';
import { createStills } from './stills.ts';

const BEAT_MS = 250;
/** Niceness of processes for work in the background: frames that a person waits for, and edits, have the processor first. */
const BACKGROUND = 15;
/** Nothing asked for so long: pictures are made ahead. */
const REST_MS = 60;
/** Work that nobody waits for is interrupted this often, to see whether anybody waits by now. */
const PART_MS = 4;
/** The process gives up by itself before the service ends it. */
const MAX_RSS = 960 * 1024 * 1024;

let current = 0;
/** Request that is to be left where it is. */
let putOff = -1;
let lastBeat = 0;
const indexes = new Map<string, FrameIndex>();

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

function forget(): void {
  stills.close();
  indexes.clear();
}

const stills = createStills(() => beat());

/** Runs parts of work for a moment. @returns what the last part gave, or null when there is more to do */
function runParts<T>(parts: Iterator<void, T>): { readonly value: T } | null {
  const endAt = performance.now() + PART_MS;
  do {
    const { done, value } = parts.next();
    if (done === true) return { value };
  } while (performance.now() < endAt);
  return null;
}

/** A frame; null when it was put off for something that is waited for. */
async function frame(request: DecodeCalls['frame']['args']): Promise<Still | null> {
  const id = current;
  const parts = stills.give(request, await indexOf(request));
  for (;;) {
    const result = runParts(parts);
    if (result !== null) return result.value;
    if (request.purpose !== 'likely') continue;
    await new Promise(setImmediate);
    if (putOff === id) return null;
  }
}

type Handlers = {
  readonly [K in DecodeCallName]: (args: DecodeCalls[K]['args']) => Promise<DecodeCalls[K]['result'] | null>;
};

const handlers: Handlers = {
  probe: async (file) => {
    // Whoever asks counts on the file of the index, which may have been thrown away.
    indexes.delete(file.contentHash);
    const index = await indexOf(file);
    const source = openSource(file.path);
    try {
      return { ...describeSource(source, index), pts: [] };
    } finally {
      source.close();
    }
  },
  frame,
  sheet: async ({ densitySec, sheet, ...file }) => {
    setPriority(BACKGROUND);
    return makeSheet(file.path, await indexOf(file), densitySec, sheet, beat);
  },
  peaks: async (file) => {
    setPriority(BACKGROUND);
    const index = await indexOf(file);
    return makePeaks(file.path, (index.pts[0]! * index.timeBase.num) / index.timeBase.den, beat);
  },
  proxy: async ({ out, maxBytes, ...file }) => {
    setPriority(BACKGROUND);
    return makeProxy(file.path, await indexOf(file), out, { maxBytes, onWork: beat });
  },
  fullHash: async ({ path }) => {
    setPriority(19);
    return fullHash(path, beat);
  },
  forget: async () => {
    forget();
    return null;
  },
};

let queue: Promise<void> = Promise.resolve();
let waiting = 0;
let rest: NodeJS.Timeout | null = null;

async function answer({ id, name, args }: DecodeRequest): Promise<void> {
  current = id;
  lastBeat = performance.now();
  try {
    const result = await (handlers[name] as (value: unknown) => Promise<unknown>)(args);
    if (name === 'frame' && result === null) send({ type: 'put-off', id });
    else send({ type: 'done', id, result, rssBytes: process.memoryUsage.rss() });
  } catch (error) {
    const info = toErrorInfo(error);
    // A frame that cannot be given harms nothing else; after any other failure what is open may be in any state.
    if (info.code !== 'wrong-usage' && info.code !== 'damaged' && info.code !== 'cancelled') forget();
    send({ type: 'failed', id, error: info, rssBytes: process.memoryUsage.rss() });
  }
  waiting -= 1;
  rest ??= setTimeout(whileIdle, REST_MS);
}

/** A short part at a time, so that a request never waits for longer than that. */
function whileIdle(): void {
  rest = null;
  if (waiting > 0) return;
  try {
    const endAt = performance.now() + PART_MS;
    let more = true;
    while (more && performance.now() < endAt) more = stills.ahead();
    if (more) setImmediate(whileIdle);
  } catch {
    forget();
  }
}

process.on('message', (request: DecodeRequest | PutOff) => {
  if ('putOff' in request) {
    putOff = request.putOff;
    return;
  }
  waiting += 1;
  if (rest !== null) clearTimeout(rest);
  rest = null;
  queue = queue.then(() => answer(request));
});
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });
