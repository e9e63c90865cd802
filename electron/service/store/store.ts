/**
 * A project's store: create a folder, open a folder, and the tables behind it. The only writer of the database.
 *
 * The API is synchronous, as SQLite is; only backups run beside other work.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { ProjectInfo } from '#core/contract/info';
import { backupBeforeMigration, createBackups, listBackups, type Backups } from './backups.ts';
import { openConnection, type Connection, type SlowQuery } from './connection.ts';
import { checkBeside, checkHeader, checkIntegrity, isSmall, openReadOnly } from './damage.ts';
import { createDocumentTable, type DocumentTable } from './document.ts';
import { createHistoryTable, type HistoryTable } from './history.ts';
import { createJobTable, type JobTable } from './jobs.ts';
import { projectDirOf, projectLayout, type ProjectLayout } from './layout.ts';
import { takeLock, type ProjectLock } from './lock.ts';
import { leaveMarker } from './marker.ts';
import { createMetaTable, type MetaTable } from './meta.ts';
import { checkVersion, migrate, SCHEMA_VERSION } from './migrate.ts';
import { createModelTable, type ModelTable } from './models.ts';
import { createPredictionTable, type PredictionTable } from './predictions.ts';
import { createVideoTable, type VideoTable } from './videos.ts';

/** How a project is opened. */
export interface StoreOptions {
  /** Do not even try to write. */
  readonly readOnly?: boolean;
  /** The clock, in milliseconds since 1970. */
  readonly now?: () => number;
  readonly onSlow?: (query: SlowQuery) => void;
}

/** An open project. */
export interface Store {
  readonly layout: ProjectLayout;
  /** Why it cannot be written; null when it can. */
  readonly readOnlyReason: string | null;
  /** Set when a check found damage after opening; the project can only be read from then on. */
  readonly isDamaged: boolean;
  readonly meta: MetaTable;
  readonly videos: VideoTable;
  readonly document: DocumentTable;
  readonly history: HistoryTable;
  readonly predictions: PredictionTable;
  readonly models: ModelTable;
  readonly jobs: JobTable;
  readonly backups: Backups;
  info(): ProjectInfo;
  /** Several writes, all or nothing. */
  transaction<T>(body: () => T): T;
  /** @throws StudioError `read-only` with the reason, unless the project can be written */
  mustWrite(): void;
  /** Checks a database that was too large to be checked at opening. @returns whether damage was found */
  checkLater(): Promise<boolean>;
  close(): void;
}

/** Whether a folder holds a project. */
export function isProject(dir: string): boolean {
  return fs.existsSync(projectLayout(dir).database);
}

function assemble(
  layout: ProjectLayout,
  connection: Connection,
  readOnlyReason: string | null,
  options: StoreOptions,
  onClose: () => void,
): Store {
  const meta = createMetaTable(connection);
  const videos = createVideoTable(connection, layout.dir);
  const predictions = createPredictionTable(connection, meta);
  const document = createDocumentTable(connection, videos, predictions);
  const history = createHistoryTable(connection, document, options.now);
  const models = createModelTable(connection, layout.dir);
  const jobs = createJobTable(connection);
  const backups = createBackups(connection, layout, history, options.now);
  let open = true;
  let damage: string | null = null;
  const reasonNow = (): string | null => damage ?? readOnlyReason;
  return {
    layout,
    get readOnlyReason() {
      return reasonNow();
    },
    get isDamaged() {
      return damage !== null;
    },
    meta,
    videos,
    document,
    history,
    predictions,
    models,
    jobs,
    backups,
    info: () => ({
      dir: layout.dir,
      name: meta.get<string>('name') ?? path.basename(layout.dir),
      schemaVersion: Number(connection.pragma('user_version')),
      readOnlyReason: reasonNow(),
      videoCount: videos.count(),
      segmentCount: document.segmentCount(),
      labelCount: document.labelCount(),
      modelCount: models.count(),
      revision: history.revision(),
    }),
    transaction: (body) => connection.transaction(body),
    mustWrite: () => {
      const reason = reasonNow();
      if (reason !== null) {
        throw new StudioError('read-only', `This project cannot be changed. ${reason}`, { path: layout.dir });
      }
    },
    checkLater: async () => {
      if (readOnlyReason !== null || isSmall(layout.database)) return false;
      const problem = await checkBeside(layout.database);
      if (problem === null || !open) return false;
      damage = `Its database is damaged (${problem}). Restore a backup.`;
      return true;
    },
    close: () => {
      if (!open) return;
      open = false;
      if (!connection.readOnly) learn(connection);
      connection.close();
      onClose();
    },
  };
}

/** Lets SQLite learn how its tables have grown: its plans follow that. Bounded, so that closing stays quick. */
function learn(connection: Connection): void {
  try {
    connection.pragma('analysis_limit = 400');
    connection.pragma('optimize');
  } catch {
    // A full disk or a damaged page must not keep a project from closing.
  }
}

/** Logs slow queries beside the project. */
function slowLog(layout: ProjectLayout, options: StoreOptions): (query: SlowQuery) => void {
  return (query) => {
    options.onSlow?.(query);
    try {
      fs.mkdirSync(layout.logs, { recursive: true });
      fs.appendFileSync(path.join(layout.logs, 'slow-queries.jsonl'), `${JSON.stringify(query)}\n`);
    } catch {
      // A log must never fail a query.
    }
  };
}

/**
 * Makes a project in a folder (which may exist) and opens it for writing.
 *
 * @throws StudioError `conflict` when a project is there already, `read-only` when the folder cannot be written
 */
export function createProject(dir: string, name?: string, options: StoreOptions = {}): Store {
  const layout = projectLayout(dir);
  if (isProject(dir)) {
    throw new StudioError(
      'conflict',
      `${layout.dir} holds a project already. Open it, or choose another folder.`,
      {
        path: layout.dir,
      },
    );
  }
  try {
    for (const folder of [layout.cache, layout.models, layout.backups])
      fs.mkdirSync(folder, { recursive: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTDIR' || code === 'EEXIST') {
      throw new StudioError('bad-input', `${layout.dir} is not a folder. Choose another place.`, {
        path: layout.dir,
      });
    }
    const full = code === 'ENOSPC';
    throw new StudioError(
      full ? 'out-of-space' : 'read-only',
      full
        ? `The disk that holds ${layout.dir} is full.`
        : `${layout.dir} cannot be written. Choose another folder.`,
      { path: layout.dir },
      { cause: error },
    );
  }
  const lock = takeLock(layout.dir);
  if (typeof lock === 'string')
    throw new StudioError('read-only', `${layout.dir}: ${lock}`, { path: layout.dir });
  try {
    const connection = openConnection(layout.database, { readOnly: false, onSlow: slowLog(layout, options) });
    migrate(connection);
    const store = assemble(layout, connection, null, options, () => lock.release());
    store.transaction(() => {
      store.meta.set('name', name ?? path.basename(layout.dir));
      store.meta.set('createdAt', new Date().toISOString());
    });
    leaveMarker(layout);
    return store;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Opens a project: for writing where this process can have the lock, else for reading (`readOnlyReason` says why).
 *
 * @throws StudioError `not-found` (no such folder), `bad-input` (not a project), `newer-version` (left untouched),
 * `damaged` (`detail.backups` names the good ones, newest first)
 */
export function openProject(given: string, options: StoreOptions = {}): Store {
  const dir = projectDirOf(given);
  const layout = projectLayout(dir);
  if (!fs.existsSync(layout.dir)) {
    throw new StudioError('not-found', `There is no folder ${layout.dir}.`, { path: layout.dir });
  }
  if (!isProject(dir)) {
    throw new StudioError(
      'bad-input',
      `${layout.dir} is not a LoFi Studio project: it has no project.sqlite.`,
      {
        path: layout.dir,
      },
    );
  }
  const lock: ProjectLock | string =
    options.readOnly === true ? 'It was opened for reading only.' : takeLock(layout.dir);
  let opened: Connection | null = null;
  let dispose = (): void => undefined;
  const release = (): void => {
    dispose();
    if (typeof lock !== 'string') lock.release();
  };
  try {
    checkHeader(layout.database);
    const view = openReadOnly(layout.database);
    opened = view.connection;
    dispose = view.dispose;
    const version = checkVersion(opened);
    if (isSmall(layout.database)) checkIntegrity(opened);
    if (typeof lock === 'string') {
      if (version < SCHEMA_VERSION) {
        throw new StudioError(
          'read-only',
          `${layout.dir} was made by an older LoFi Studio and must be brought up to date first. ${lock}`,
          {
            path: layout.dir,
          },
        );
      }
      return assemble(layout, opened, lock, options, release);
    }
    opened.close();
    dispose();
    dispose = () => undefined;
    for (const folder of [layout.cache, layout.models, layout.backups])
      fs.mkdirSync(folder, { recursive: true });
    leaveMarker(layout);
    opened = openConnection(layout.database, { readOnly: false, onSlow: slowLog(layout, options) });
    if (version < SCHEMA_VERSION) {
      backupBeforeMigration(opened, layout, version);
      migrate(opened);
    }
    return assemble(layout, opened, null, options, release);
  } catch (error) {
    opened?.close();
    release();
    if (error instanceof StudioError && error.code === 'damaged') {
      throw new StudioError(
        'damaged',
        error.message,
        {
          ...error.detail,
          dir: layout.dir,
          backups: listBackups(layout).map((backup) => backup.name),
        },
        { cause: error },
      );
    }
    throw error;
  }
}
