/**
 * The media service: what the rest of the program asks about videos. Caches in front, decoding processes behind (`isolate/`).
 *
 * Lanes: frames that a person waits for, indexing, what is made in the background (sheets, peaks), hashing of whole files, making proxies and looking
 * into them, so that none holds up another. Everything in the cache folder can be deleted at any time.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { createByteCache } from './byteCache.ts';
import type { StillFormat } from './derive/images.ts';
import { peaksLevel } from './derive/peaksFile.ts';
import { DENSITIES, sheetLayout, type SheetLayout } from './derive/sheetLayout.ts';
import type { FrameIndex } from '#service/media/index/frameIndex';
import { createIdentity } from '#service/media/file/identity';
import { unpackIndex } from '#service/media/index/indexFile';
import { writeFileWhole } from '#service/media/file/wholeFiles';
import { createLane, type CallOptions, type Lane } from './isolate/lane.ts';
import type { Still, VideoFile } from './isolate/protocol.ts';
import { createProxies, type ProxyOptions } from './proxies.ts';
import type { ProbeInfo } from '#service/media/file/probe';

/** How a frame is wanted. */
export interface StillOptions extends CallOptions {
  readonly format?: StillFormat;
  /** Shrinks to fit into this box; the frame's own size otherwise. */
  readonly maxWidth?: number;
  readonly maxHeight?: number;
  /** `proxy`: the picture of the proxy, which is there sooner and looks nearly the same; never for training or export. */
  readonly from?: 'source' | 'proxy';
  /** Nobody waits for it yet: it is made when nothing else is asked for, and given up at once for the next such frame or when cancelled. */
  readonly likely?: boolean;
  /** Where the person is, for likely frames: what is around that is made ahead next. */
  readonly at?: number;
  /** Frames that may follow this one: decoded along with it where they lie on the way. */
  readonly also?: readonly number[];
}

/** Everything about videos, without blocking and without risk to the caller's process. */
export interface MediaService {
  /** @throws StudioError `bad-input` naming the file */
  probe(path: string, options?: CallOptions): Promise<ProbeInfo>;
  /** What names the content of a file: a fingerprint, and once every byte was read, what is certain. */
  contentHash(path: string): Promise<string>;
  /** When every file asked for so far has been read whole; at once where full hashes are not made. */
  hashesSettled(): Promise<void>;
  frameIndex(path: string, options?: CallOptions): Promise<FrameIndex>;
  /** The packed table that `/index/ID` serves. */
  indexBytes(path: string, options?: CallOptions): Promise<Buffer>;
  /** Exactly frame N, upright, unless the proxy's is asked for. @throws StudioError `wrong-usage`, `damaged`; `not-found` without a proxy */
  frame(path: string, frame: number, options?: StillOptions): Promise<Still>;
  /** JPEG of one sheet of thumbnails. */
  thumbnails(
    path: string,
    densitySec: number,
    sheet: number,
    options?: CallOptions,
  ): Promise<{ readonly layout: SheetLayout; readonly data: Buffer }>;
  thumbnailLayout(path: string, densitySec: number, options?: CallOptions): Promise<SheetLayout>;
  /** One level of the waveform's peaks. @throws StudioError `not-found` without sound or level */
  peaks(path: string, level: number, options?: CallOptions): Promise<Buffer>;
  /** Makes a proxy unless it is there. @returns its path */
  proxy(path: string, options?: ProxyOptions): Promise<string>;
  /** The proxy's path when it has been made. */
  existingProxy(path: string): Promise<string | null>;
  /** Process ids of the decoding processes, for tests and for the curious. */
  pids(): readonly number[];
  /** The most memory that a decoding process had after a call, in bytes. */
  peakBytes(): number;
  dispose(): void;
}

/** Where caches go, and bounds. */
export interface MediaOptions {
  readonly cacheFolder: string;
  /** Reads every byte of each file in the background, to be certain of its identity. */
  readonly fullHashes?: boolean;
  readonly silenceMs?: number;
  readonly maxBytes?: number;
}

/** Frame indexes kept in memory: some ten hours at 60 frames a second. */
const KEPT_INDEX_BYTES = 32 * 1024 * 1024;
const KEPT_PROBES = 200;

/** Starts nothing yet: decoding processes come with the first call. */
export function createMedia({ cacheFolder, fullHashes = false, ...bounds }: MediaOptions): MediaService {
  const indexFolder = join(cacheFolder, 'index');
  const interactive = createLane(bounds);
  const indexing = createLane({ ...bounds, killOnCancel: true });
  const background = createLane({ ...bounds, killOnCancel: true });
  const hashing = createLane({ ...bounds, killOnCancel: true });
  const identity = createIdentity(
    join(cacheFolder, 'hashes'),
    fullHashes ? (path) => hashing.call('fullHash', { path }) : null,
  );
  const hashOf = (path: string): Promise<string> => identity.hashOf(path);
  const indexes = createByteCache<FrameIndex>(KEPT_INDEX_BYTES);
  const probes = createByteCache<ProbeInfo>(KEPT_PROBES);

  /** Ends the likely frame that is under way: not every shell can tell that nobody wants it any more. */
  let superseded = new AbortController();

  const fileOf = async (path: string): Promise<VideoFile> => ({
    path,
    contentHash: await hashOf(path),
    indexFolder,
  });

  const probe = async (path: string, options: CallOptions = {}): Promise<ProbeInfo> => {
    const file = await fileOf(path);
    const key = `${file.contentHash}|${path}`;
    const known = probes.get(key);
    if (known !== undefined) return known;
    const info = await indexing.call('probe', file, options);
    probes.set(key, info, 1);
    return info;
  };
  const indexBytes = async (path: string, options: CallOptions = {}): Promise<Buffer> => {
    const file = join(indexFolder, `${await hashOf(path)}.frames`);
    const there = await readFile(file).catch(() => null);
    if (there !== null && unpackIndex(there) !== null) return there;
    await indexing.call('probe', await fileOf(path), options);
    return readFile(file);
  };
  const frameIndex = async (path: string, options: CallOptions = {}): Promise<FrameIndex> => {
    const hash = await hashOf(path);
    const known = indexes.get(hash);
    if (known !== undefined) return known;
    const index = unpackIndex(await indexBytes(path, options));
    if (index === null) throw new StudioError('internal', 'The frame index was not written.');
    indexes.set(hash, index, index.pts.byteLength + index.ids.byteLength);
    return index;
  };

  /** A derived file: from the disk, else made by the background lane and kept. */
  const derived = async (name: string, make: () => Promise<Uint8Array>): Promise<Buffer> => {
    const file = join(cacheFolder, name);
    const there = await readFile(file).catch(() => null);
    if (there !== null && there.length > 0) return there;
    const made = Buffer.from(await make());
    await writeFileWhole(file, made);
    return made;
  };
  const proxies = createProxies({ folder: join(cacheFolder, 'proxies'), fileOf, frameIndex, bounds });
  const thumbnailLayout = async (
    path: string,
    densitySec: number,
    options: CallOptions = {},
  ): Promise<SheetLayout> => {
    if (!DENSITIES.some((density) => density === densitySec)) {
      throw new StudioError(
        'wrong-usage',
        `Thumbnails are made every ${DENSITIES.join(', ')} seconds, not every ${densitySec}.`,
      );
    }
    const { width, height, durationSec, pixelAspect, rotation } = await probe(path, options);
    const [num, den] = pixelAspect.split('/').map(Number) as [number, number];
    const factor = num / den;
    const turned = rotation % 180 !== 0;
    return sheetLayout(
      turned ? width : width * factor,
      turned ? height * factor : height,
      durationSec,
      densitySec,
    );
  };
  const lanes: readonly Lane[] = [interactive, indexing, background, hashing, ...proxies.lanes];

  return {
    probe,
    contentHash: hashOf,
    hashesSettled: () => identity.settled(),
    frameIndex,
    indexBytes,
    frame: async (
      path,
      frame,
      { format = 'png', maxWidth = 0, maxHeight = 0, from = 'source', likely = false, ...rest } = {},
    ) => {
      const { at, also = [], ...options } = rest;
      const wanted = { frame, format, maxWidth, maxHeight, also, ...(at === undefined ? {} : { at }) };
      if (from === 'proxy') return proxies.still(path, wanted, options);
      const file = await fileOf(path);
      if (!likely) return interactive.call('frame', { ...file, ...wanted, purpose: 'shown' }, options);
      superseded.abort();
      const own = new AbortController();
      superseded = own;
      const signal =
        options.signal === undefined ? own.signal : AbortSignal.any([options.signal, own.signal]);
      return interactive.call('frame', { ...file, ...wanted, purpose: 'likely' }, { signal, canWait: true });
    },
    thumbnailLayout,
    thumbnails: async (path, densitySec, sheet, options = {}) => {
      const layout = await thumbnailLayout(path, densitySec, options);
      if (!Number.isInteger(sheet) || sheet < 0 || sheet >= layout.sheets) {
        throw new StudioError('wrong-usage', `There are sheets 0 to ${layout.sheets - 1} at this density.`);
      }
      const file = await fileOf(path);
      const data = await derived(`thumbnails/${file.contentHash}-${densitySec}-${sheet}.jpg`, () =>
        background.call('sheet', { ...file, densitySec, sheet }, options),
      );
      return { layout, data };
    },
    peaks: async (path, level, options = {}) => {
      const file = await fileOf(path);
      const bytes = await derived(`peaks/${file.contentHash}.peaks`, () =>
        background.call('peaks', file, options),
      );
      const one = peaksLevel(bytes, level);
      if (one === null) throw new StudioError('not-found', `There is no peaks level ${level}.`);
      return one;
    },
    proxy: proxies.make,
    existingProxy: proxies.existing,
    pids: () => lanes.map((lane) => lane.pid()).filter((pid) => pid !== undefined),
    peakBytes: () => Math.max(...lanes.map((lane) => lane.peakBytes())),
    dispose: () => {
      for (const lane of lanes) lane.dispose();
    },
  };
}
