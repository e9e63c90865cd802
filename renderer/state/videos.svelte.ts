/**
 * The project's videos as the Library shows them: search, sort and filter are the service's work, the list is replaced whole.
 */
import type { Subset, VideoInfo } from '#core/contract/info';
import type { InvokeInput } from '#core/contract/invoke';
import { invoke, on } from '../api/studio.ts';
import { notifyError } from './notices.svelte.ts';

/** What the list is sorted by. */
export type VideoSort = NonNullable<InvokeInput<'videos.list'>['sort']>;
/** Which videos are listed. */
export type VideoFilter = NonNullable<InvokeInput<'videos.list'>['filter']>;

class VideosState {
  list = $state.raw<readonly VideoInfo[]>([]);
  total = $state(0);
  loaded = $state(false);
  search = $state('');
  sort = $state<VideoSort>('name');
  descending = $state(false);
  filter = $state<VideoFilter>('all');
  subset = $state<Subset | null>(null);
  readonly byId = $derived(new Map(this.list.map((video) => [video.id, video])));
}

/** The list of videos. */
export const videos = new VideosState();

const PAGE = 10_000;
let reading = 0;
let timer = 0;

/** Reads the list with the present search, sort and filter. A later call wins over an earlier one. */
export async function readVideos(): Promise<void> {
  reading += 1;
  const mine = reading;
  const page = await invoke('videos.list', {
    limit: PAGE,
    search: videos.search,
    sort: videos.sort,
    descending: videos.descending,
    filter: videos.filter,
    subset: videos.subset,
  });
  if (mine === reading) {
    videos.list = page.items;
    videos.total = page.total;
    videos.loaded = true;
  }
}

/** All videos, whatever the Library's filter shows. */
export async function allVideos(): Promise<readonly VideoInfo[]> {
  return (await invoke('videos.list', { limit: PAGE })).items;
}

/** Less than this share is nothing that anybody would label. */
const WHOLE = 0.999;

/** Whether there is footage left that nobody has labelled: no segments and no covered range, or covered in part. */
export function hasUnlabelled({ segmentCount, coveredShare }: VideoInfo): boolean {
  return coveredShare > 0 ? coveredShare < WHOLE : segmentCount === 0;
}

/** Reads soon: many pieces of news become one reading. */
export function readVideosSoon(): void {
  window.clearTimeout(timer);
  timer = window.setTimeout(() => void readVideos().catch(notifyError), 120);
}

/** Changes that touch more videos than this read the whole list again. */
const FEW = 20;

/** Reads the figures of a few videos again; they stay where they are in the list, so that nothing jumps while somebody labels. */
async function refreshVideos(ids: readonly string[]): Promise<void> {
  const mine = reading;
  const fresh = await Promise.all(ids.map((id) => invoke('videos.get', { id })));
  if (mine === reading) {
    const byId = new Map(fresh.map((video) => [video.id, video]));
    videos.list = videos.list.map((video) => byId.get(video.id) ?? video);
  }
}

let stale: ReadonlySet<string> = new Set();

function refreshSoon(ids: readonly string[] | null): void {
  if (ids === null || stale.size + ids.length > FEW) {
    stale = new Set();
    readVideosSoon();
    return;
  }
  const isWaiting = stale.size > 0;
  stale = new Set([...stale, ...ids.filter((id) => videos.byId.has(id))]);
  if (!isWaiting && stale.size > 0) {
    window.setTimeout(() => {
      const now = [...stale];
      stale = new Set();
      refreshVideos(now).catch(readVideosSoon);
    }, 120);
  }
}

/** Follows changes of the videos and of their figures. */
export function startVideos(): void {
  on('videos.changed', readVideosSoon);
  on('document.changed', ({ videoIds }) => refreshSoon(videoIds));
  on('predictions.changed', ({ videoIds }) => refreshSoon(videoIds));
}

/** The video after or before another in the present order. */
export function neighbourOf(id: string, step: 1 | -1): VideoInfo | undefined {
  const at = videos.list.findIndex((video) => video.id === id);
  return at < 0 ? undefined : videos.list[at + step];
}
