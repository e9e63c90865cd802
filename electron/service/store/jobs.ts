/**
 * The queue of jobs and their metrics, in the database: it survives whatever happens to the programs.
 */
import { StudioError, type ErrorInfo } from '#core/contract/errors';
import type { JobInfo, JobKind, JobState } from '#core/contract/info';
import type { JobMetric, JobProgress } from '#core/train/job';
import type { Connection } from './connection.ts';

/** A job to queue. `request` is what its kind needs, as data. */
export interface NewJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly title: string;
  readonly priority: number;
  readonly request: unknown;
  /** Where it writes, relative to the project; null for none. */
  readonly folder: string | null;
}

/** What a job's row says beyond its `JobInfo`. */
export interface JobRecord extends Omit<JobInfo, 'preview' | 'videoId'> {
  readonly request: unknown;
  readonly folder: string | null;
  /** Path of the last checkpoint that the worker reported. */
  readonly checkpoint: string | null;
}

/** Fields that a running job changes. */
export type JobChange = Partial<
  Pick<
    JobRecord,
    'state' | 'priority' | 'progress' | 'error' | 'remedy' | 'engine' | 'startedAt' | 'endedAt' | 'checkpoint'
  >
>;

interface JobRow {
  readonly no: number;
  readonly id: string;
  readonly kind: JobKind;
  readonly title: string;
  readonly state: JobState;
  readonly priority: number;
  readonly request: string;
  readonly folder: string | null;
  readonly checkpoint: string | null;
  readonly progress: string | null;
  readonly error: string | null;
  readonly remedy: string | null;
  readonly engine: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

/** Reads and writes of the tables. */
export interface JobTable {
  add(job: NewJob): JobRecord;
  get(id: string): JobRecord | undefined;
  /** @throws StudioError `not-found` */
  require(id: string): JobRecord;
  /** Newest first. */
  list(): JobRecord[];
  /** Ids and kinds of the queue: highest priority first, then oldest. */
  queued(): { readonly id: string; readonly kind: JobKind; readonly priority: number }[];
  /** Without the metrics, which a busy queue need not read. */
  priorityOf(id: string): number;
  change(id: string, change: JobChange): JobRecord;
  addMetrics(id: string, metrics: readonly JobMetric[]): void;
  clearMetrics(id: string): void;
  /** Jobs that ran when the program died become `interrupted`. @returns their ids */
  interruptOrphans(error: ErrorInfo): string[];
}

const JSON_COLUMNS = new Set(['progress', 'error', 'remedy']);
const COLUMN_NAMES: Readonly<Record<keyof JobChange, string>> = {
  state: 'state',
  priority: 'priority',
  progress: 'progress',
  error: 'error',
  remedy: 'remedy',
  engine: 'engine',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  checkpoint: 'checkpoint',
};

/** The tables `jobs` and `metrics`. */
export function createJobTable(connection: Connection): JobTable {
  const parse = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));
  const metricsOf = (no: number): JobMetric[] =>
    connection.all<JobMetric>(
      'SELECT series, name, step, value FROM metrics WHERE job_no = @no ORDER BY series, name, step',
      { no },
    );
  const toRecord = (row: JobRow): JobRecord => ({
    id: row.id,
    kind: row.kind,
    title: row.title,
    state: row.state,
    priority: row.priority,
    progress: parse<JobProgress>(row.progress),
    metrics: metricsOf(row.no),
    error: parse<ErrorInfo>(row.error),
    remedy: parse<NonNullable<JobInfo['remedy']>>(row.remedy),
    engine: row.engine,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    modelIds: connection
      .all<{ id: string }>('SELECT id FROM models WHERE job_id = @id AND removed = 0 ORDER BY no', {
        id: row.id,
      })
      .map((model) => model.id),
    resumable:
      row.kind === 'train' &&
      (row.state === 'interrupted' ||
        row.state === 'paused' ||
        ((row.state === 'failed' || row.state === 'cancelled') && row.checkpoint !== null)),
    request: JSON.parse(row.request) as unknown,
    folder: row.folder,
    checkpoint: row.checkpoint,
  });
  const get = (id: string): JobRecord | undefined => {
    const row = connection.get<JobRow>('SELECT * FROM jobs WHERE id = @id', { id });
    return row === undefined ? undefined : toRecord(row);
  };
  const require = (id: string): JobRecord => {
    const job = get(id);
    if (job === undefined)
      throw new StudioError('not-found', `There is no job ${id} in this project.`, { id });
    return job;
  };
  return {
    add: (job) => {
      connection.run(
        `INSERT INTO jobs (id, kind, title, state, priority, request, folder, created_at)
         VALUES (@id, @kind, @title, 'queued', @priority, @request, @folder, @createdAt)`,
        {
          id: job.id,
          kind: job.kind,
          title: job.title,
          priority: job.priority,
          request: JSON.stringify(job.request),
          folder: job.folder,
          createdAt: new Date().toISOString(),
        },
      );
      return require(job.id);
    },
    get,
    require,
    list: () => connection.all<JobRow>('SELECT * FROM jobs ORDER BY no DESC').map(toRecord),
    queued: () =>
      connection.all("SELECT id, kind, priority FROM jobs WHERE state = 'queued' ORDER BY priority DESC, no"),
    priorityOf: (id) =>
      connection.get<{ priority: number }>('SELECT priority FROM jobs WHERE id = @id', { id })?.priority ?? 0,
    change: (id, change) => {
      const names = Object.keys(change) as (keyof JobChange)[];
      const values: Record<string, string | number | null> = { id };
      for (const name of names) {
        const value = change[name] ?? null;
        values[name] =
          value !== null && JSON_COLUMNS.has(name)
            ? JSON.stringify(value)
            : (value as string | number | null);
      }
      if (names.length > 0) {
        const sets = names.map((name) => `${COLUMN_NAMES[name]} = @${name}`).join(', ');
        connection.run(`UPDATE jobs SET ${sets} WHERE id = @id`, values);
      }
      return require(id);
    },
    addMetrics: (id, metrics) => {
      connection.transaction(() => {
        for (const { series, name, step, value } of metrics) {
          // A loss that is no number any more ends the curve; the worker says why.
          if (!Number.isFinite(value)) continue;
          connection.run(
            `INSERT INTO metrics (job_no, series, name, step, value)
             VALUES ((SELECT no FROM jobs WHERE id = @id), @series, @name, @step, @value)
             ON CONFLICT DO UPDATE SET value = excluded.value`,
            { id, series, name, step, value },
          );
        }
      });
    },
    clearMetrics: (id) => {
      connection.run('DELETE FROM metrics WHERE job_no = (SELECT no FROM jobs WHERE id = @id)', { id });
    },
    interruptOrphans: (error) => {
      const rows = connection.all<{ id: string }>("SELECT id FROM jobs WHERE state IN ('running', 'paused')");
      connection.run(
        "UPDATE jobs SET state = 'interrupted', error = @error, ended_at = @at WHERE state IN ('running', 'paused')",
        { error: JSON.stringify(error), at: new Date().toISOString() },
      );
      return rows.map((row) => row.id);
    },
  };
}
