/**
 * The proxies of a cache folder: made, found, looked into, and kept within a number of bytes.
 *
 * A proxy has the original's frames at the original's times (checked when it is made), so frame N of one stands in for frame N of the other.
 */
import { mkdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import { trimFolder } from './file/trimFolder.ts';
import { checkFrame } from './index/checkFrame.ts';
import type { FrameIndex } from './index/frameIndex.ts';
import { createLane, type CallOptions, type Lane, type LaneOptions } from './isolate/lane.ts';
import type { DecodeCalls, Still, VideoFile } from './isolate/protocol.ts';

/** How a proxy is made. */
export interface ProxyOptions extends CallOptions {
  /** Given up when it becomes larger. */
  readonly maxBytes?: number;
  /** All proxies of the folder together; those not used for longest go. */
  readonly keepBytes?: number;
}

/** What a picture of a proxy is asked by. */
export type ProxyStill = Pick<DecodeCalls['frame']['args'], 'frame' | 'format' | 'maxWidth' | 'maxHeight'>;

/** Makes proxies and looks into them. */
export interface Proxies {
  /** Makes a proxy unless it is there. @returns its path */
  readonly make: (path: string, options?: ProxyOptions) => Promise<string>;
  /** The proxy's path when it has been made. */
  readonly existing: (path: string) => Promise<string | null>;
  /** Frame N of the proxy, with the original's PTS. @throws StudioError `not-found` without a proxy */
  still(path: string, wanted: ProxyStill, options?: CallOptions): Promise<Still>;
  readonly lanes: readonly Lane[];
}

/** What proxies need to know of videos. */
export interface ProxyContext {
  readonly folder: string;
  readonly fileOf: (path: string) => Promise<VideoFile>;
  readonly frameIndex: (path: string) => Promise<FrameIndex>;
  readonly bounds: LaneOptions;
}

/** Starts nothing yet. */
export function createProxies({ folder, fileOf, frameIndex, bounds }: ProxyContext): Proxies {
  /** Making one takes minutes: thumbnails and frames must not wait for it. */
  const making = createLane({ ...bounds, killOnCancel: true });
  const looking = createLane(bounds);
  /** Used since the program started; their files are marked as used once. */
  const used = new Set<string>();

  const pathOf = async (path: string): Promise<string> =>
    join(folder, `${(await fileOf(path)).contentHash}.mp4`);
  const existing = async (path: string): Promise<string | null> => {
    const out = await pathOf(path);
    const info = await stat(out).catch(() => null);
    if (info === null) return null;
    if (!used.has(out)) {
      used.add(out);
      const now = new Date();
      await utimes(out, now, now).catch(() => undefined);
    }
    return out;
  };
  return {
    existing,
    make: async (path, { maxBytes = Infinity, keepBytes = Infinity, ...options } = {}) => {
      const there = await existing(path);
      if (there !== null) return there;
      const out = await pathOf(path);
      await mkdir(folder, { recursive: true });
      await making.call('proxy', { ...(await fileOf(path)), out, maxBytes }, options);
      await trimFolder(folder, '.mp4', keepBytes, new Set([out]));
      return out;
    },
    still: async (path, wanted, options = {}) => {
      const [copy, index, original] = await Promise.all([existing(path), frameIndex(path), fileOf(path)]);
      if (copy === null) throw new StudioError('not-found', 'This video has no proxy.');
      checkFrame(path, index, wanted.frame);
      const { size } = await stat(copy);
      const file = { ...original, path: copy, contentHash: `${original.contentHash}-copy${size}` };
      const still = await looking.call('frame', { ...file, ...wanted, purpose: 'once' }, options);
      return { ...still, pts: index.pts[wanted.frame]! };
    },
    lanes: [making, looking],
  };
}
