/**
 * Decoded frames at full side on the disk: every video is decoded once a job, then read by offset. Can be deleted at any time.
 *
 * Decoding runs in a thread beside compute, one video after the other in the order in which they were prepared: who reads a video waits for that
 * one only. The folder is bounded: what was not used for longest goes first, never what this job has open.
 */
import { mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FrameSource } from '#core/data/assemble';
import { StudioError } from '#core/contract/errors';
import { mixSeed } from '#core/util/random';
import type { FrameIndex } from '#service/media/index/frameIndex';
import { createSampler, type Sampler } from '#service/media/sampling/sampler';
import { trimFolder } from '#service/media/file/trimFolder';

/** A video whose frames are to be kept. */
export interface CachedVideo {
  readonly id: string;
  readonly path: string;
  readonly contentHash: string;
  readonly index: FrameIndex;
  /** Frame numbers, ascending, each once. */
  readonly frames: Int32Array;
}

/** A frame source that must be closed. */
export interface FrameCache extends FrameSource {
  /** Decodes a video unless it is there already. @returns when its frames can be read; `read` waits for that by itself */
  prepare(video: CachedVideo, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface OpenVideo {
  readonly file: FileHandle;
  /** Frame number → place in the file. */
  readonly place: ReadonlyMap<number, number>;
}

/** Bytes handed over in one go: bounds memory for long videos. */
const PASS_BYTES = 48 * 1024 * 1024;
/** All decoded frames of a project on the disk. */
const FOLDER_BYTES = 20 * 1024 ** 3;

/** Opens the cache for frames of a side. @param maxBytes what the folder may hold */
export function openFrameCache(cache: string, side: number, maxBytes = FOLDER_BYTES): FrameCache {
  const folder = join(cache, 'frames');
  const frameBytes = side * side * 3;
  const videos = new Map<string, Promise<OpenVideo>>();
  const inUse = new Set<string>();
  let sampler: Sampler | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const decode = async (video: CachedVideo, path: string, signal: AbortSignal): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const temporary = `${path}.${randomUUID()}.part`;
    const file = await open(temporary, 'w');
    const frames = Math.max(1, Math.floor(PASS_BYTES / frameBytes));
    function* passes() {
      for (let at = 0; at < video.frames.length; at += frames) {
        const frameIndices = video.frames.slice(at, at + frames);
        yield { path: video.path, index: video.index, frameIndices, side, fit: 'square-crop' as const };
      }
    }
    sampler ??= createSampler();
    try {
      for await (const { pixels } of sampler.stream(passes(), signal)) await file.writeFile(pixels);
      // A power cut must not leave a file of the right length without its pixels: training would take it for frames.
      await file.datasync();
      await file.close();
      await rename(temporary, path);
    } catch (error) {
      await file.close();
      await rm(temporary, { force: true });
      throw error;
    }
    await trimFolder(folder, '.rgb', maxBytes, inUse);
  };

  const openVideo = async (video: CachedVideo, signal: AbortSignal): Promise<OpenVideo> => {
    const key = mixSeed(video.frames.join()).toString(16);
    const path = join(folder, `${video.contentHash}-${side}-${video.frames.length}-${key}.rgb`);
    inUse.add(path);
    const known = await stat(path).catch(() => null);
    if (known?.size === video.frames.length * frameBytes) {
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
    } else await decode(video, path, signal);
    const place = new Map<number, number>();
    video.frames.forEach((frame, at) => place.set(frame, at));
    return { file: await open(path, 'r'), place };
  };
  const closeVideo = async (video: Promise<OpenVideo> | undefined): Promise<void> => {
    const one = await video?.catch(() => undefined);
    await one?.file.close();
  };

  return {
    side,
    prepare: async (video, signal) => {
      const before = videos.get(video.id);
      const opening = queue.then(async () => {
        if (closed) throw new StudioError('cancelled', 'The job has ended.');
        await closeVideo(before);
        return openVideo(video, signal);
      });
      // A failure is told to whoever waits for this video.
      queue = opening.catch(() => undefined);
      videos.set(video.id, opening);
      await opening;
    },
    read: async (videoId, indices) => {
      const video = await videos.get(videoId);
      if (video === undefined)
        throw new StudioError('internal', `The frames of video "${videoId}" were not decoded.`);
      const out = new Uint8Array(indices.length * frameBytes);
      let i = 0;
      while (i < indices.length) {
        const first = video.place.get(indices[i]!);
        if (first === undefined)
          throw new StudioError('internal', `Frame ${indices[i]} of video "${videoId}" was not decoded.`);
        let run = 1;
        while (i + run < indices.length && video.place.get(indices[i + run]!) === first + run) run += 1;
        await video.file.read(out, i * frameBytes, run * frameBytes, first * frameBytes);
        i += run;
      }
      return out;
    },
    close: async () => {
      closed = true;
      await sampler?.close();
      for (const video of videos.values()) await closeVideo(video);
      videos.clear();
    },
  };
}
