/**
 * Media of the open project: pictures, ranges and proxies by opaque video id, from `service/media`, with the caches in the project's folder.
 */
import type http from 'node:http';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { SettingsInfo } from '#core/contract/info';
import { createMediaResponder, mediaListener, type MediaResponder } from '#service/media/serve/responder';
import { requireUnchanged } from '#service/media/file/relink';
import { createMedia, type MediaService } from '#service/media/service';
import type { LightWork } from '#service/jobs/runners';
import type { Store } from '#service/store/store';
import { curveFile } from './curves.ts';

/** What the service uses of the media. */
export interface ServiceMedia {
  readonly respond: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  /** Of the open project. @throws StudioError `not-found` when none is open */
  current(): MediaService;
  /** Points to another project; null for none. */
  use(store: Store | null): void;
  /** The work of a `proxy` job. */
  readonly makeProxy: LightWork;
}

/**
 * The media of whatever project is open.
 *
 * @param dataDir holds the caches of projects that cannot be written
 * @param onFrame told how long the decoding of an exact frame took
 */
export function createServiceMedia(
  dataDir: string,
  settings: () => SettingsInfo,
  onFrame: (videoId: string, tookMs: number) => Promise<void>,
): ServiceMedia {
  let open: {
    readonly store: Store;
    readonly media: MediaService;
    readonly responder: MediaResponder;
  } | null = null;
  const current = (): MediaService => {
    if (open === null) throw new StudioError('not-found', 'No project is open.');
    return open.media;
  };
  return {
    respond: mediaListener(async (request) => {
      if (open === null) return { status: 404, headers: { 'Content-Length': '0' }, body: null };
      return open.responder(request);
    }),
    current,
    use: (store) => {
      open?.media.dispose();
      open = null;
      if (store === null) return;
      const cacheFolder =
        store.readOnlyReason === null
          ? store.layout.cache
          : path.join(dataDir, 'cache', path.basename(store.layout.dir));
      const media = createMedia({ cacheFolder, fullHashes: true });
      open = {
        store,
        media,
        responder: createMediaResponder({
          media,
          resolve: (id) => store.videos.get(id) ?? null,
          curves: (videoId, modelId) => curveFile(store, videoId, modelId),
          onFrame: (id, tookMs) => void onFrame(id, tookMs),
        }),
      };
    },
    makeProxy: async (request, progress, signal) => {
      const { videoId, byItself = false } = request as { videoId: string; byItself?: boolean };
      if (open === null) throw new StudioError('cancelled', 'The project was closed.');
      const video = open.store.videos.require(videoId);
      await requireUnchanged(video);
      const tell = (share: number): void =>
        progress({
          fraction: share,
          step: 'proxy',
          text: `Making a playable copy of ${video.name}`,
          done: Math.round(share * 100),
          total: 100,
          unit: '%',
          secondsLeft: null,
        });
      const keepBytes = settings().proxyGigabytes * 1e9;
      // What a person asked for is made whatever it takes.
      const maxBytes = byItself ? keepBytes : Infinity;
      await open.media.proxy(video.path, { signal, onProgress: tell, keepBytes, maxBytes });
    },
  };
}
