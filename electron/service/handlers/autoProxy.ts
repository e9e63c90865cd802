/**
 * Makes a proxy by itself where a person had to wait for pictures: after a few slow jumps into a file that seeks badly, as a job of low priority that
 * can be cancelled. What a person cancelled, or what failed, is not tried again by itself.
 */
import { randomUUID } from 'node:crypto';
import type { SettingsInfo } from '#core/contract/info';
import { SLOW_SEEK_MS, seekCost } from '#service/media/index/seekCost';
import type { MediaService } from '#service/media/service';
import type { JobManager } from '#service/jobs/manager';
import type { NewJob } from '#service/store/jobs';
import type { Store } from '#service/store/store';

/** What is used of the open project. */
export interface AutoProxyProject {
  readonly store: Store;
  readonly jobs: Pick<JobManager, 'add'>;
}

/** Slow jumps after which a copy is made. */
const SLOW_JUMPS = 3;
const PRIORITY = { asked: 5, byItself: 1 } as const;

/** The job that makes a proxy. @param byItself nobody asked for it */
export function proxyJob(video: { readonly id: string; readonly name: string }, byItself: boolean): NewJob {
  return {
    id: randomUUID(),
    kind: 'proxy',
    title: byItself ? `Copy of ${video.name} for quick jumps` : `Make a playable copy of ${video.name}`,
    priority: byItself ? PRIORITY.byItself : PRIORITY.asked,
    request: { videoId: video.id, byItself },
    folder: null,
  };
}

/** Whether a job for this video is in the queue or was ever cancelled or failed. */
function wasTried(store: Store, videoId: string): boolean {
  return store.jobs
    .list()
    .some(
      (job) =>
        job.kind === 'proxy' &&
        job.state !== 'done' &&
        (job.request as { readonly videoId?: string }).videoId === videoId,
    );
}

/**
 * Watches how long exact frames take.
 *
 * @returns to be told of each frame that was decoded; settles when a copy was queued or not, and never fails
 */
export function createAutoProxy(
  settings: () => SettingsInfo,
  project: () => AutoProxyProject | null,
  media: () => MediaService,
): (videoId: string, tookMs: number) => Promise<void> {
  const slow = new Map<string, number>();
  const consider = async (videoId: string): Promise<void> => {
    const open = project();
    if (open === null || open.store.readOnlyReason !== null || wasTried(open.store, videoId)) return;
    const video = open.store.videos.require(videoId);
    const [there, index] = await Promise.all([
      media().existingProxy(video.path),
      media().frameIndex(video.path),
    ]);
    // On a busy machine everything is slow; a copy helps only where the file itself is a reason.
    const { ms } = seekCost(index, video.width * video.height);
    if (there !== null || ms < SLOW_SEEK_MS / 2) return;
    if (project() === open && !wasTried(open.store, videoId)) open.jobs.add(proxyJob(video, true));
  };
  return async (videoId, tookMs) => {
    if (tookMs < SLOW_SEEK_MS || !settings().autoProxy) return;
    const count = (slow.get(videoId) ?? 0) + 1;
    slow.set(videoId, count % SLOW_JUMPS);
    if (count < SLOW_JUMPS) return;
    await consider(videoId).catch((error: unknown) =>
      process.emitWarning(`No copy was made by itself: ${String(error)}`),
    );
  };
}
