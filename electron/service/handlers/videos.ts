/**
 * Calls about videos: list, add, remove, find again after a move, make a proxy.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError, toErrorInfo } from '#core/contract/errors';
import type { ErrorInfo } from '#core/contract/errors';
import type { BadgeInfo, VideoInfo } from '#core/contract/info';
import type { Handlers } from '#core/contract/invoke';
import { changedFile, findMoved } from '#service/media/file/relink';
import { proxyJob } from './autoProxy.ts';
import type { ServiceContext } from './context.ts';
import { expandFolders, readVideo } from './ingest.ts';

/** A missing or changed file is a badge, not an error: the annotation stays. @param isSame whether the content is known to be the same */
function withState(video: VideoInfo, isSame: (size: number) => boolean): VideoInfo {
  const stat = fs.statSync(video.path, { throwIfNoEntry: false });
  const badge: BadgeInfo | null =
    stat === undefined
      ? {
          kind: 'moved',
          text: `The file is not where it was (${video.path}). Its labels are safe; show where it is now.`,
        }
      : isSame(stat.size)
        ? null
        : { kind: 'changed', text: changedFile(video.path).message };
  return badge === null ? video : { ...video, badges: [badge, ...video.badges] };
}

/** Handlers of `videos.*`. */
export function videoHandlers(
  context: ServiceContext,
): Pick<
  Handlers,
  'videos.list' | 'videos.get' | 'videos.add' | 'videos.remove' | 'videos.relink' | 'videos.makeProxy'
> {
  const changed = (ids: readonly string[] | null): void => {
    context.publish('videos.changed', { ids });
    context.publish('project.changed', { project: context.project().store.info() });
  };
  /** Every missing video is looked for in a folder; they often moved together. */
  const relinkFolder = async (id: string, folder: string): Promise<VideoInfo> => {
    const store = context.writable();
    const lost = store.videos.all().filter((video) => video.id === id || !fs.existsSync(video.path));
    const found = await findMoved(lost, [folder]);
    const relinked = lost.flatMap((video) => {
      const file = found.get(video.contentHash);
      return file === undefined ? [] : [store.videos.relink(video.id, file, video.badges)];
    });
    if (relinked.length > 0) changed(relinked.map((video) => video.id));
    const wanted = relinked.find((video) => video.id === id);
    if (wanted === undefined) {
      throw new StudioError(
        'not-found',
        `${store.videos.require(id).name} is not in ${folder} or its folders.`,
        { path: folder },
      );
    }
    return wanted;
  };
  return {
    'videos.list': (query) => {
      const page = context.project().store.videos.list(query);
      // A page is shown at once: sizes are compared here, contents when a video is opened.
      const sizeOf = (id: string): number => context.project().store.videos.rowOf(id)?.bytes ?? -1;
      const items = page.items.map((video) => withState(video, (size) => size === sizeOf(video.id)));
      return { total: page.total, items };
    },
    'videos.get': async ({ id }) => {
      const video = context.project().store.videos.require(id);
      const hash = await context
        .media()
        .contentHash(video.path)
        .catch(() => null);
      return withState(video, () => hash === video.contentHash);
    },
    'videos.add': async ({ paths }) => {
      const store = context.writable();
      const media = context.media();
      const added: VideoInfo[] = [];
      const failed: { path: string; error: ErrorInfo }[] = [];
      let toldAt = 0;
      for (const file of expandFolders(paths)) {
        try {
          const video = await readVideo(file, media);
          if (context.current()?.store !== store)
            throw new StudioError('cancelled', 'The project was closed.');
          const known = store.videos.byHash(video.contentHash);
          if (known !== undefined && !fs.existsSync(known.path))
            added.push(store.videos.relink(known.id, file, video.badges));
          else added.push(...store.videos.add([video]));
          if (Date.now() - toldAt > 500) {
            toldAt = Date.now();
            changed(added.map((each) => each.id));
          }
        } catch (error) {
          failed.push({ path: file, error: toErrorInfo(error) });
        }
        // Lets calls through between files.
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (added.length > 0) changed(added.map((each) => each.id));
      return { added, failed };
    },
    'videos.remove': ({ ids }) => {
      context.writable().videos.remove(ids);
      changed(ids);
      return null;
    },
    'videos.relink': async ({ id, path: file }) => {
      const store = context.writable();
      const video = store.videos.require(id);
      const found = path.resolve(file);
      if (!fs.existsSync(found))
        throw new StudioError('not-found', `There is no file ${found}.`, { path: found });
      if (fs.statSync(found).isDirectory()) return relinkFolder(id, found);
      const hash = await context.media().contentHash(found);
      if (hash !== video.contentHash) {
        throw new StudioError(
          'bad-input',
          `${found} is another video than ${video.name}: its content differs. Add it as a new video, or choose the right file.`,
          { path: found },
        );
      }
      const relinked = store.videos.relink(
        id,
        found,
        video.badges.filter((badge) => badge.kind !== 'moved'),
      );
      changed([id]);
      return relinked;
    },
    'videos.makeProxy': ({ id }) => {
      const video = context.writable().videos.require(id);
      return context.project().jobs.add(proxyJob(video, false));
    },
  };
}
