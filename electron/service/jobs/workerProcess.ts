/**
 * One worker process: started, spoken to, and watched until it is gone, however it goes.
 *
 * Turns whatever ends a worker (a message, an exit code, a signal, the system's out-of-memory killer) into exactly one outcome in words.
 */
import { fork } from 'node:child_process';
import process from 'node:process';
import { StudioError, toErrorInfo, type ErrorInfo } from '#core/contract/errors';
import type { JobResult, WorkerCommand, WorkerJob, WorkerMessage } from '#core/train/job';
import { serviceEnvironment } from '#service/process/environment';

/** How a job ended. */
export type JobOutcome =
  | { readonly type: 'done'; readonly result: JobResult | null }
  | { readonly type: 'failed'; readonly error: ErrorInfo }
  | { readonly type: 'cancelled' };

/** News of a running job, other than its end. */
export type JobNews = Extract<
  WorkerMessage,
  { type: 'progress' | 'metric' | 'preview' | 'checkpoint' | 'log' }
>;

/** A running job, in a process of its own or in the service. */
export interface RunningJob {
  readonly pid: number | null;
  readonly outcome: Promise<JobOutcome>;
  pause(): void;
  resume(): void;
  /** Asks; after the deadline the process is killed. */
  cancel(): void;
}

/** Where the worker is and how patient the service is. */
export interface WorkerOptions {
  /** Entry file of the worker. */
  readonly file: string;
  /** The Node that runs it. */
  readonly node?: string;
  /** Milliseconds between asking a worker to stop and killing it. */
  readonly cancelDeadlineMs: number;
  readonly onNews: (news: JobNews) => void;
}

const STDERR_TAIL = 8000;

/** Words for a worker that went without a last message. */
export function describeExit(code: number | null, signal: string | null, stderr: string): ErrorInfo {
  const tail = stderr.trim().split('\n').slice(-3).join('\n');
  const detail = { exitCode: code, signal, stderr: tail };
  const text = stderr.toLowerCase();
  if (
    text.includes('heap out of memory') ||
    text.includes('bad_alloc') ||
    text.includes('cannot allocate memory')
  ) {
    return {
      code: 'out-of-memory',
      message: 'The worker ran out of memory. Train at a smaller fidelity, or close other programs.',
      detail,
    };
  }
  if (text.includes('no space left on device') || text.includes('enospc')) {
    return { code: 'out-of-space', message: 'The disk is full. Free some space and resume the job.', detail };
  }
  if (signal === 'SIGKILL') {
    return {
      code: 'out-of-memory',
      message:
        'The system killed the worker, most likely because memory ran out. Train at a smaller fidelity, or close other programs.',
      detail,
    };
  }
  if (signal === 'SIGSEGV' || signal === 'SIGABRT' || signal === 'SIGILL' || signal === 'SIGBUS') {
    return {
      code: 'internal',
      message: `The worker crashed in native code (${signal}). Resume the job; if it happens again, choose another engine in the settings.`,
      detail,
    };
  }
  return {
    code: 'internal',
    message: `The worker ended without a result (${signal ?? `exit code ${String(code)}`}).${tail === '' ? '' : ` Its last words: ${tail}`}`,
    detail,
  };
}

/** Starts a worker on a job. */
export function startWorker(job: WorkerJob, options: WorkerOptions): RunningJob {
  const child = fork(options.file, [], {
    execPath: options.node ?? process.execPath,
    execArgv: [],
    env: serviceEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let stderr = '';
  let last: JobOutcome | null = null;
  let cancelled = false;
  let deadline: NodeJS.Timeout | null = null;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_TAIL);
  });
  child.stdout?.resume();
  const send = (command: WorkerCommand): void => {
    if (child.connected) child.send(command, () => undefined);
  };
  const outcome = new Promise<JobOutcome>((resolve) => {
    child.on('error', (error) => {
      last ??= {
        type: 'failed',
        error: toErrorInfo(new StudioError('internal', `The worker could not be started: ${error.message}`)),
      };
      if (child.pid === undefined) resolve(last);
    });
    child.on('message', (raw) => {
      const message = raw as WorkerMessage;
      switch (message.type) {
        case 'progress':
        case 'metric':
        case 'preview':
        case 'checkpoint':
        case 'log':
          if (last === null) options.onNews(message);
          break;
        case 'done':
          last ??= { type: 'done', result: message.result };
          break;
        case 'failed':
          last ??= { type: 'failed', error: message.error };
          break;
        case 'cancelled':
          last ??= { type: 'cancelled' };
          break;
      }
      // A worker that said its last word but does not go is helped out.
      if (last !== null && deadline === null) {
        deadline = setTimeout(() => child.kill('SIGKILL'), options.cancelDeadlineMs);
      }
    });
    child.on('close', (code, signal) => {
      if (deadline !== null) clearTimeout(deadline);
      resolve(
        last ??
          (cancelled ? { type: 'cancelled' } : { type: 'failed', error: describeExit(code, signal, stderr) }),
      );
    });
  });
  send({ type: 'start', job });
  return {
    pid: child.pid ?? null,
    outcome,
    pause: () => send({ type: 'pause' }),
    resume: () => send({ type: 'resume' }),
    cancel: () => {
      cancelled = true;
      send({ type: 'cancel' });
      deadline ??= setTimeout(() => child.kill('SIGKILL'), options.cancelDeadlineMs);
    },
  };
}
