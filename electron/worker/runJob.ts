/**
 * One job, in this process: what the worker's process does with its `start` message, and what tests and the command line call directly.
 */
import { testEngine } from '#service/engines/index';
import type { JobResult, WorkerJob } from '#core/train/job';
import { runCalibrateJob } from './calibrateJob.ts';
import type { JobHandle } from './control.ts';
import { runFetchJob } from './fetchWeights.ts';
import { runPredictJob } from './predictJob.ts';
import { runTrainJob } from './trainJob.ts';

export type { JobHandle } from './control.ts';

/**
 * Runs a job to its end. Reports progress, metrics and checkpoints; the result is returned, not reported.
 * @throws StudioError `cancelled` when the signal was aborted, and all that the job's parts throw
 */
export async function runJob(job: WorkerJob, handle: JobHandle): Promise<JobResult> {
  switch (job.kind) {
    case 'train':
      return runTrainJob(job, handle);
    case 'predict':
      return runPredictJob(job, handle);
    case 'fetch':
      return runFetchJob(job, handle);
    case 'calibrate':
      return runCalibrateJob(job, handle);
    case 'engine-test':
      return { kind: 'engine-test', engine: await testEngine(job.engine) };
  }
}
