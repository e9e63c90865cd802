/**
 * What can be done to videos from the Library: add, put into splits, remove, find again, copy, predict. What goes wrong is said in a notice.
 */
import type { Subset, VideoInfo } from '#core/contract/info';
import { invoke } from '../../api/studio.ts';
import { said, t } from '../../i18n/i18n.svelte.ts';
import { choosePaths } from '../../state/dialogs.svelte.ts';
import { sendEdit } from '../../state/edits.svelte.ts';
import { notify, notifyError } from '../../state/notices.svelte.ts';
import { readVideos, readVideosSoon } from '../../state/videos.svelte.ts';

class AddingState {
  /** Files and folders that are being read. */
  count = $state(0);
}

/** The adding under way. */
export const adding = new AddingState();

async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    notifyError(error);
  }
}

/** Adds files and the videos of folders; says which could not be added and why. */
export async function addVideos(paths: readonly string[]): Promise<void> {
  if (paths.length === 0) {
    return;
  }
  adding.count = paths.length;
  await attempt(async () => {
    const { added, failed } = await invoke('videos.add', { paths: [...paths] });
    if (added.length > 0) {
      notify(t('library.added', { count: added.length }), 'good');
    }
    if (failed.length > 0) {
      const first = failed
        .slice(0, 3)
        .map((one) => said(one.error.message))
        .join(' ');
      notify(`${t('library.failed', { count: failed.length })}: ${first}`, 'danger');
    }
    await readVideos();
  });
  adding.count = 0;
}

/** Asks for files or a folder and adds them. */
export async function chooseAndAdd(kind: 'video' | 'folder'): Promise<void> {
  await addVideos(await choosePaths(kind));
}

/** Puts videos into a split. */
export function setSubset(ids: readonly string[], subset: Subset): Promise<void> {
  return attempt(async () => {
    await sendEdit({ type: 'set-subset', videoIds: [...ids], subset });
    readVideosSoon();
  });
}

/** Takes videos and their segments out of the project. */
export function removeVideos(ids: readonly string[]): Promise<void> {
  return attempt(async () => {
    await invoke('videos.remove', { ids: [...ids] });
    readVideosSoon();
  });
}

/** Asks where a video is now. */
export async function relinkVideo(video: VideoInfo): Promise<void> {
  const [path] = await choosePaths('video');
  if (path !== undefined) {
    await attempt(async () => {
      await invoke('videos.relink', { id: video.id, path });
      readVideosSoon();
    });
  }
}

/** Starts making a copy that Chromium plays. */
export function makeProxy(video: VideoInfo): Promise<void> {
  return attempt(() => invoke('videos.makeProxy', { id: video.id }));
}

/** Lets the model in use find segments in videos. */
export function predictOn(ids: readonly string[]): Promise<void> {
  return attempt(() => invoke('predict.start', { videoIds: [...ids] }));
}
