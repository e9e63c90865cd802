/**
 * Models: versions with parent, configuration, label set, snapshot and figures. A row exists only for a model whose job finished.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { ModelInfo } from '#core/contract/info';
import type { DetectorName } from '#core/model/detector';
import type { TrainConfig } from '#core/train/config';
import type { StageFigures } from '#core/train/job';
import type { Connection } from './connection.ts';

/** What a finished training hands over for one model. */
export interface NewModel {
  /** Made up where absent. */
  readonly id?: string;
  readonly name: string;
  readonly variant: 'frozen' | 'lofi';
  readonly parentId: string | null;
  readonly jobId: string | null;
  readonly labels: readonly string[];
  readonly config: TrainConfig;
  readonly bytes: number;
  readonly validation: ModelInfo['validation'];
  readonly stages: readonly StageFigures[];
  /** Folder of the model, absolute. */
  readonly folder: string;
  readonly engine: string;
  readonly snapshot: ModelInfo['snapshot'];
}

interface ModelRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly variant: 'frozen' | 'lofi';
  readonly parent_id: string | null;
  readonly job_id: string | null;
  readonly detector: DetectorName;
  readonly labels: string;
  readonly config: string;
  readonly created_at: string;
  readonly bytes: number;
  readonly validation: string | null;
  readonly stages: string;
  readonly folder: string;
  readonly snapshot: string;
  readonly current: number;
  readonly prediction_count: number;
}

/** Reads and writes of the table. */
export interface ModelTable {
  add(model: NewModel): ModelInfo;
  list(): ModelInfo[];
  get(id: string): ModelInfo | undefined;
  /** @throws StudioError `not-found` */
  require(id: string): ModelInfo;
  current(): ModelInfo | undefined;
  use(id: string): ModelInfo;
  rename(id: string, name: string): ModelInfo;
  remove(id: string): void;
  count(): number;
  /** Absolute folder of a model. */
  folderOf(id: string): string;
}

/** The `models` table. @param dir the project's folder; model folders are kept relative to it */
export function createModelTable(connection: Connection, dir: string): ModelTable {
  const select = `SELECT m.*, (SELECT coalesce(sum(count), 0) FROM prediction_counts c WHERE c.model_no = m.no) AS prediction_count
    FROM models m WHERE m.removed = 0`;
  const toInfo = (row: ModelRow): ModelInfo => ({
    id: row.id,
    name: row.name,
    version: row.version,
    variant: row.variant,
    parentId: row.parent_id,
    jobId: row.job_id,
    detector: row.detector,
    labels: JSON.parse(row.labels) as string[],
    config: JSON.parse(row.config) as TrainConfig,
    createdAt: row.created_at,
    bytes: row.bytes,
    validation: row.validation === null ? null : (JSON.parse(row.validation) as ModelInfo['validation']),
    stages: JSON.parse(row.stages) as StageFigures[],
    current: row.current === 1,
    predictionCount: row.prediction_count,
    snapshot: JSON.parse(row.snapshot) as ModelInfo['snapshot'],
  });
  const get = (id: string): ModelInfo | undefined => {
    const row = connection.get<ModelRow>(`${select} AND m.id = @id`, { id });
    return row === undefined ? undefined : toInfo(row);
  };
  const require = (id: string): ModelInfo => {
    const model = get(id);
    if (model === undefined)
      throw new StudioError('not-found', `There is no model ${id} in this project.`, { id });
    return model;
  };
  return {
    add: (model) => {
      const id = model.id ?? randomUUID();
      connection.run(
        `INSERT INTO models (id, name, version, variant, parent_id, job_id, detector, labels, config, created_at, bytes,
           validation, stages, folder, snapshot, engine)
         VALUES (@id, @name, (SELECT coalesce(max(version), 0) + 1 FROM models), @variant, @parentId, @jobId, @detector,
           @labels, @config, @createdAt, @bytes, @validation, @stages, @folder, @snapshot, @engine)`,
        {
          id,
          name: model.name,
          variant: model.variant,
          parentId: model.parentId,
          jobId: model.jobId,
          detector: model.config.detector,
          labels: JSON.stringify(model.labels),
          config: JSON.stringify(model.config),
          createdAt: new Date().toISOString(),
          bytes: model.bytes,
          validation: model.validation === null ? null : JSON.stringify(model.validation),
          stages: JSON.stringify(model.stages),
          folder: path.relative(dir, model.folder),
          snapshot: JSON.stringify(model.snapshot),
          engine: model.engine,
        },
      );
      return require(id);
    },
    list: () => connection.all<ModelRow>(`${select} ORDER BY m.version DESC`).map(toInfo),
    get,
    require,
    current: () => {
      const row = connection.get<ModelRow>(`${select} AND m.current = 1`);
      return row === undefined ? undefined : toInfo(row);
    },
    use: (id) => {
      require(id);
      connection.transaction(() => {
        connection.run('UPDATE models SET current = 0 WHERE current = 1');
        connection.run('UPDATE models SET current = 1 WHERE id = @id', { id });
      });
      return require(id);
    },
    rename: (id, name) => {
      require(id);
      connection.run('UPDATE models SET name = @name WHERE id = @id', { id, name });
      return require(id);
    },
    remove: (id) => {
      require(id);
      connection.run('UPDATE models SET removed = 1, current = 0 WHERE id = @id', { id });
    },
    count: () =>
      connection.get<{ count: number }>('SELECT count(*) AS count FROM models WHERE removed = 0')?.count ?? 0,
    folderOf: (id) => {
      const row = connection.get<{ folder: string }>(
        'SELECT folder FROM models WHERE id = @id AND removed = 0',
        {
          id,
        },
      );
      if (row === undefined)
        throw new StudioError('not-found', `There is no model ${id} in this project.`, { id });
      return path.resolve(dir, row.folder);
    },
  };
}
