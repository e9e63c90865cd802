/**
 * Entry of a job worker: one Node process for one job, speaking `WorkerCommand` and `WorkerMessage` over Node's own channel to its parent.
 *
 * Exactly one `done`, `failed` or `cancelled` ends it. When the parent goes away, the job stops at its last checkpoint.
 */
import type { WorkerCommand, WorkerJob, WorkerMessage } from '#core/train/job';
import { describeFailure } from './failure.ts';
import { runJob } from './runJob.ts';

const abort = new AbortController();
let gate: { readonly opened: Promise<void>; readonly open: () => void } | null = null;
let isStarted = false;

function send(message: WorkerMessage): void {
  process.send?.(message);
}

function openGate(): void {
  gate?.open();
  gate = null;
}

function pause(): void {
  if (gate !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = { opened: promise, open: resolve };
}

function finish(message: WorkerMessage): void {
  if (process.send === undefined) return;
  process.send(message, () => process.exit(0));
}

async function start(job: WorkerJob): Promise<void> {
  try {
    const result = await runJob(job, {
      signal: abort.signal,
      report: send,
      whilePaused: () => gate?.opened ?? null,
    });
    finish({ type: 'done', result });
  } catch (error) {
    const info = describeFailure(error);
    const isCancelled = abort.signal.aborted || info.code === 'cancelled';
    finish(isCancelled ? { type: 'cancelled' } : { type: 'failed', error: info });
  }
}

process.on('message', (command: WorkerCommand) => {
  switch (command.type) {
    case 'start':
      if (isStarted) return;
      isStarted = true;
      void start(command.job);
      return;
    case 'pause':
      pause();
      return;
    case 'resume':
      openGate();
      return;
    case 'cancel':
      abort.abort();
      openGate();
  }
});
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => undefined);
