/**
 * One job, in this process: what the worker's process does with its `start` message, and what tests and the command line call directly.
 */
import type { JobResult, WorkerJob } from '#core/train/job';
import type { JobHandle } from './control.ts';
import { runPredictJob } from './predictJob.ts';
import { runTrainJob } from './trainJob.ts';

export type { JobHandle } from './control.ts';

/**
 * Runs a job to its end. Reports progress, metrics and checkpoints; the result is returned, not reported.
 * @throws StudioError `cancelled` when the signal was aborted, and all that the job's parts throw
 */
export function runJob(job: WorkerJob, handle: JobHandle): Promise<JobResult> {
  return job.kind === 'train' ? runTrainJob(job, handle) : runPredictJob(job, handle);
}
