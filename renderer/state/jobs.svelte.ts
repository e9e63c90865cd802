/**
 * The queue of long work, kept up to date by news; progress comes at most ten times a second and job.
 */
import type { JobInfo } from '#core/contract/info';
import { invoke, on } from '../api/studio.ts';
import { said, t } from '../i18n/i18n.svelte.ts';
import { notify, notifyError } from './notices.svelte.ts';

class JobsState {
  list = $state.raw<readonly JobInfo[]>([]);
  readonly active = $derived(
    this.list.filter((job) => job.state === 'running' || job.state === 'paused' || job.state === 'queued'),
  );
}

/** All jobs, newest first. */
export const jobs = new JobsState();

/** Whether something runs that wants the whole machine: nothing is done on suspicion meanwhile. */
export function heavyWork(): boolean {
  return jobs.list.some((job) => job.state === 'running' && (job.kind === 'train' || job.kind === 'predict'));
}

/** Reads the queue and follows it. */
export function startJobs(): void {
  on('job.changed', ({ job }) => {
    const former = jobs.list.find((other) => other.id === job.id);
    put(job);
    if (former?.state !== job.state && (job.state === 'done' || job.state === 'failed')) {
      if (job.state === 'done') {
        notify(t('job.done', { title: said(job.title) }), 'good');
      } else {
        notify(
          t('job.failed', { title: said(job.title), message: said(job.error?.message ?? '') }),
          'danger',
        );
      }
    }
  });
  on('job.progress', ({ id, state, progress, metrics, preview }) => {
    const job = jobs.list.find((other) => other.id === id);
    if (job !== undefined) {
      put({
        ...job,
        state,
        progress,
        metrics: metrics.length > 0 ? [...job.metrics, ...metrics] : job.metrics,
        preview: preview ?? job.preview,
      });
    }
  });
}

function put(job: JobInfo): void {
  const at = jobs.list.findIndex((other) => other.id === job.id);
  jobs.list = at < 0 ? [job, ...jobs.list] : jobs.list.map((other, i) => (i === at ? job : other));
}

/** Reads the whole queue again. */
export async function readJobs(): Promise<void> {
  jobs.list = await invoke('jobs.list', {});
}

/** Cancels, pauses, resumes or tries again; what goes wrong is shown as a notice. */
export async function steerJob(id: string, what: 'cancel' | 'pause' | 'resume' | 'retry'): Promise<void> {
  try {
    put(await invoke(`jobs.${what}`, { id }));
  } catch (error) {
    notifyError(error);
  }
}
