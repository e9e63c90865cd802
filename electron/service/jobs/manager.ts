/**
 * The queue's other half: decides which job runs, listens to it, and writes down how it ended, once.
 *
 * The state is in the database; this file holds only what cannot be there: the running processes. One heavy job (a worker) and one light
 * one (inside the service) run at a time. A job with a higher priority sends the running training to rest and goes first.
 */
import path from 'node:path';
import process from 'node:process';
import { StudioError, toErrorInfo } from '#core/contract/errors';
import type { Publish } from '#core/contract/events';
import type { JobInfo, JobKind } from '#core/contract/info';
import type { JobMetric, JobPreview, JobProgress } from '#core/train/job';
import type { JobChange, JobRecord, NewJob } from '#service/store/jobs';
import type { Store } from '#service/store/store';
import { keepWords } from './words.ts';
import type { JobNews, JobOutcome, RunningJob } from './workerProcess.ts';

/** What a kind of job does. */
export interface JobRunner {
  /** `heavy` jobs are worker processes and run one at a time. */
  readonly weight: 'heavy' | 'light';
  /** Starts it. `resume`: from its last checkpoint. @throws when it cannot be started */
  start(job: JobRecord, resume: boolean, onNews: (news: JobNews) => void): RunningJob;
  /** Writes the result into the database, inside one transaction with the job's state. */
  finish(job: JobRecord, outcome: Extract<JobOutcome, { type: 'done' }>): Partial<JobChange>;
  /** What to try after a failure. */
  remedy(job: JobRecord, error: NonNullable<JobInfo['error']>): JobInfo['remedy'];
  /** Clears what a cancelled job leaves behind, and the like. */
  after?(job: JobRecord): void;
  /** The row of another attempt with the remedy's configuration. */
  again?(job: JobRecord): NewJob;
}

/** Jobs of one open project. */
export interface JobManager {
  add(job: NewJob): JobInfo;
  list(): JobInfo[];
  get(id: string): JobInfo;
  cancel(id: string): JobInfo;
  pause(id: string): JobInfo;
  resume(id: string): JobInfo;
  retry(id: string, useRemedy: boolean): JobInfo;
  setPriority(id: string, priority: number): JobInfo;
  /** Process ids of running workers. */
  pids(): number[];
  /** Sends running jobs to rest as `interrupted` and waits for their processes. */
  close(): Promise<void>;
}

interface Live {
  readonly running: RunningJob;
  readonly runner: JobRunner;
  /** Where its words are kept; null where it has no folder. */
  readonly folder: string | null;
  progress: JobProgress | null;
  metrics: JobMetric[];
  /** How many of `metrics` were published. */
  told: number;
  preview: JobPreview | null;
  publishedAt: number;
  savedAt: number;
  timer: NodeJS.Timeout | null;
  /** Rests: asked by a person, or so that another may go first. */
  rest: 'no' | 'person' | 'other';
  cancelAsked: boolean;
}

const PUBLISH_MS = 100;
const SAVE_MS = 1000;

/** A job without what only the service knows. */
export function toJobInfo(job: JobRecord, preview: JobPreview | null = null): JobInfo {
  return {
    id: job.id,
    kind: job.kind,
    title: job.title,
    state: job.state,
    priority: job.priority,
    progress: job.progress,
    metrics: job.metrics,
    preview,
    error: job.error,
    remedy: job.remedy,
    engine: job.engine,
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    endedAt: job.endedAt,
    modelIds: job.modelIds,
    resumable: job.resumable,
    videoId: job.kind === 'proxy' ? (job.request as { readonly videoId: string }).videoId : null,
  };
}

/** Runs the jobs of a project. Jobs that ran when the program died are `interrupted` from here on. */
export function createJobManager(
  store: Store,
  publish: Publish,
  runners: Readonly<Record<JobKind, JobRunner>>,
  /** Told whenever the first job begins and the last one ends or rests: the machine is kept awake meanwhile. */
  onBusy: (busy: boolean) => void = () => undefined,
): JobManager {
  const live = new Map<string, Live>();
  let closing = false;
  const { jobs } = store;
  const now = (): string => new Date().toISOString();

  let wasBusy = false;
  const tellBusy = (): void => {
    const busy = [...live.values()].some((entry) => entry.rest !== 'person');
    if (busy === wasBusy) return;
    wasBusy = busy;
    onBusy(busy);
  };
  const changed = (job: JobRecord): JobInfo => {
    tellBusy();
    const info = toJobInfo(job, live.get(job.id)?.preview ?? null);
    publish('job.changed', { job: info });
    return info;
  };
  const change = (id: string, values: JobChange): JobInfo => changed(jobs.change(id, values));

  const flush = (id: string, entry: Live, force: boolean): void => {
    const time = Date.now();
    if (force || time - entry.savedAt >= SAVE_MS) {
      entry.savedAt = time;
      const metrics = entry.metrics.splice(0);
      entry.told = 0;
      try {
        if (metrics.length > 0) jobs.addMetrics(id, metrics);
        if (entry.progress !== null) jobs.change(id, { progress: entry.progress });
      } catch {
        // Progress is news; a full disk is told when it matters.
      }
    }
  };
  const tell = (id: string, entry: Live): void => {
    entry.timer = null;
    entry.publishedAt = Date.now();
    if (entry.progress !== null) {
      const state = entry.rest === 'person' ? 'paused' : 'running';
      const { progress, preview } = entry;
      publish('job.progress', { id, state, progress, metrics: entry.metrics.slice(entry.told), preview });
      entry.told = entry.metrics.length;
    }
    flush(id, entry, false);
  };
  const onNews = (id: string) => (news: JobNews) => {
    const entry = live.get(id);
    if (entry === undefined) return;
    switch (news.type) {
      case 'progress':
        entry.progress = news.progress;
        break;
      case 'metric':
        entry.metrics.push(news.metric);
        break;
      case 'preview':
        entry.preview = news.preview;
        break;
      case 'checkpoint':
        jobs.change(id, { checkpoint: news.path });
        return;
      case 'log':
        if (entry.folder !== null) keepWords(entry.folder, [news]);
        publish('job.log', { id, level: news.level, text: news.text });
        return;
    }
    entry.timer ??= setTimeout(
      () => tell(id, entry),
      Math.max(0, entry.publishedAt + PUBLISH_MS - Date.now()),
    );
  };

  /** Writes down how a job ended. Called once for each start. */
  const settle = (id: string, runner: JobRunner, outcome: JobOutcome, entry: Live | null): void => {
    if (entry !== null) {
      if (entry.timer !== null) clearTimeout(entry.timer);
      flush(id, entry, true);
    }
    live.delete(id);
    const job = jobs.require(id);
    const fail = (error: NonNullable<JobInfo['error']>): JobRecord =>
      jobs.change(id, { state: 'failed', error, remedy: runner.remedy(job, error), endedAt: now() });
    let ended: JobRecord;
    if (outcome.type === 'done') {
      try {
        ended = store.transaction(() => {
          const values = runner.finish(job, outcome);
          return jobs.change(id, { state: 'done', error: null, remedy: null, endedAt: now(), ...values });
        });
      } catch (error) {
        ended = fail(toErrorInfo(error));
      }
    } else if (outcome.type === 'failed') {
      ended = fail(outcome.error);
    } else if (closing && entry?.cancelAsked !== true) {
      const error = {
        code: 'cancelled' as const,
        message: 'The program was closed while this job ran. Resume it when you like.',
        detail: {},
      };
      ended = jobs.change(id, { state: 'interrupted', error, endedAt: now() });
    } else {
      ended = jobs.change(id, { state: 'cancelled', endedAt: now() });
    }
    changed(ended);
    runner.after?.(ended);
  };

  const launch = (job: JobRecord): void => {
    const runner = runners[job.kind];
    const resume = job.checkpoint !== null || job.startedAt !== null;
    let running: RunningJob;
    try {
      running = runner.start(job, resume, onNews(job.id));
    } catch (error) {
      settle(job.id, runner, { type: 'failed', error: toErrorInfo(error) }, null);
      return;
    }
    const entry: Live = {
      running,
      runner,
      folder: job.folder === null ? null : path.resolve(store.layout.dir, job.folder),
      progress: null,
      metrics: [],
      told: 0,
      preview: null,
      publishedAt: 0,
      savedAt: 0,
      timer: null,
      rest: 'no',
      cancelAsked: false,
    };
    live.set(job.id, entry);
    change(job.id, {
      state: 'running',
      startedAt: job.startedAt ?? now(),
      endedAt: null,
      error: null,
      remedy: null,
    });
    void running.outcome
      .then((outcome) => settle(job.id, runner, outcome, entry))
      .catch((error: unknown) => process.emitWarning(`A job could not be closed: ${String(error)}`))
      .finally(() => pump());
  };

  /** Starts and wakes what may run now. */
  const pump = (): void => {
    if (closing) return;
    for (const weight of ['heavy', 'light'] as const) {
      const queued = jobs.queued().find((job) => runners[job.kind].weight === weight);
      const entries = [...live].filter(([, entry]) => entry.runner.weight === weight);
      const active = entries.find(([, entry]) => entry.rest === 'no');
      const resting = entries
        .filter(([, entry]) => entry.rest === 'other')
        .sort(([a], [b]) => jobs.priorityOf(b) - jobs.priorityOf(a))[0];
      if (active !== undefined) {
        const [id, entry] = active;
        const job = jobs.require(id);
        if (queued === undefined || job.kind !== 'train' || queued.priority <= job.priority) continue;
        entry.rest = 'other';
        entry.running.pause();
        change(id, { state: 'paused' });
      } else if (resting !== undefined) {
        const [id, entry] = resting;
        if (queued === undefined || jobs.priorityOf(id) >= queued.priority) {
          entry.rest = 'no';
          entry.running.resume();
          change(id, { state: 'running' });
          continue;
        }
      }
      if (queued !== undefined) launch(jobs.require(queued.id));
    }
  };

  if (store.readOnlyReason === null) {
    jobs.interruptOrphans({
      code: 'cancelled',
      message: 'The program ended while this job ran. Resume it from its last checkpoint.',
      detail: {},
    });
    queueMicrotask(pump);
  }

  const wrongState = (job: JobRecord, verb: string): StudioError =>
    new StudioError('conflict', `"${job.title}" is ${job.state}: it cannot be ${verb}.`, { id: job.id });

  return {
    add: (job) => {
      store.mustWrite();
      const info = changed(jobs.add(job));
      queueMicrotask(pump);
      return info;
    },
    list: () => jobs.list().map((job) => toJobInfo(job, live.get(job.id)?.preview ?? null)),
    get: (id) => toJobInfo(jobs.require(id), live.get(id)?.preview ?? null),
    cancel: (id) => {
      store.mustWrite();
      const job = jobs.require(id);
      const entry = live.get(id);
      if (entry !== undefined) {
        entry.cancelAsked = true;
        if (entry.rest !== 'no') entry.running.resume();
        entry.running.cancel();
        return toJobInfo(job);
      }
      if (job.state === 'queued' || job.state === 'interrupted' || job.state === 'paused') {
        return change(id, { state: 'cancelled', endedAt: now() });
      }
      throw wrongState(job, 'cancelled');
    },
    pause: (id) => {
      store.mustWrite();
      const job = jobs.require(id);
      const entry = live.get(id);
      if (entry === undefined || job.kind !== 'train') throw wrongState(job, 'paused');
      if (entry.rest === 'no') entry.running.pause();
      entry.rest = 'person';
      const info = change(id, { state: 'paused' });
      queueMicrotask(pump);
      return info;
    },
    resume: (id) => {
      store.mustWrite();
      const job = jobs.require(id);
      const entry = live.get(id);
      if (entry !== undefined) {
        if (entry.rest === 'person') entry.rest = 'other';
        pump();
        return toJobInfo(jobs.require(id));
      }
      if (!job.resumable) throw wrongState(job, 'resumed');
      const info = change(id, { state: 'queued', error: null, remedy: null, endedAt: null });
      queueMicrotask(pump);
      return info;
    },
    retry: (id, useRemedy) => {
      store.mustWrite();
      const job = jobs.require(id);
      if (job.state !== 'failed' && job.state !== 'cancelled' && job.state !== 'interrupted') {
        throw wrongState(job, 'tried again');
      }
      if (useRemedy && job.remedy === null) {
        throw new StudioError('conflict', `There is no smaller setting to try for "${job.title}".`, { id });
      }
      const runner = runners[job.kind];
      if (useRemedy && runner.again !== undefined) {
        const info = changed(jobs.add(runner.again(job)));
        queueMicrotask(pump);
        return info;
      }
      const info = change(id, { state: 'queued', error: null, remedy: null, endedAt: null, progress: null });
      queueMicrotask(pump);
      return info;
    },
    setPriority: (id, priority) => {
      store.mustWrite();
      const info = change(id, { priority });
      queueMicrotask(pump);
      return info;
    },
    pids: () => [...live.values()].flatMap((entry) => entry.running.pid ?? []),
    close: async () => {
      closing = true;
      const ends = [...live.values()].map(async (entry) => {
        if (entry.rest !== 'no') entry.running.resume();
        entry.running.cancel();
        await entry.running.outcome;
      });
      await Promise.allSettled(ends);
      // The outcomes' own reactions run before the store closes.
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
