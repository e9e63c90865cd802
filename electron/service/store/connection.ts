/**
 * One connection to a project's database: cached statements, transactions, a log of slow queries with their plan, errors in words.
 *
 * Only this, `lock.ts` and `damage.ts` know better-sqlite3; every other file of the store speaks SQL through this.
 */
import Database from 'better-sqlite3';
import { StudioError } from '#core/contract/errors';

/** What SQLite binds and returns. */
export type SqlValue = string | number | bigint | Buffer | null;
export type SqlParameters = Readonly<Record<string, SqlValue>>;

/** A query that took too long. */
export interface SlowQuery {
  readonly at: string;
  readonly milliseconds: number;
  readonly sql: string;
  /** Lines of EXPLAIN QUERY PLAN. */
  readonly plan: readonly string[];
}

/** How a database is opened. */
export interface ConnectionOptions {
  readonly readOnly: boolean;
  /** How long to wait for another program's lock. */
  readonly busyTimeoutMs?: number;
  /** Queries above this are logged. */
  readonly slowMs?: number;
  readonly onSlow?: (query: SlowQuery) => void;
}

/** A connection. Statements are prepared once per SQL text. */
export interface Connection {
  readonly file: string;
  readonly readOnly: boolean;
  all<T>(sql: string, parameters?: SqlParameters): T[];
  get<T>(sql: string, parameters?: SqlParameters): T | undefined;
  /** @returns how many rows changed, and the rowid of the last insert */
  run(sql: string, parameters?: SqlParameters): { readonly changes: number; readonly rowid: number };
  exec(sql: string): void;
  pragma(text: string): unknown;
  /** All or nothing; a transaction inside a transaction is part of the outer one. */
  transaction<T>(body: () => T): T;
  /** SQLite's online backup: may run while the connection is in use. */
  backup(file: string): Promise<void>;
  close(): void;
}

const SLOW_MS = 40;
const BUSY_TIMEOUT_MS = 5000;
/** Pages that the online backup copies before it lets other work run. */
const BACKUP_PAGES = 500;

/** Words for an error of SQLite. @param file the database */
export function sqliteError(error: unknown, file: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const detail = { path: file, sqlite: error.code };
  const make = (code: ConstructorParameters<typeof StudioError>[0], text: string): StudioError =>
    new StudioError(code, text, detail, { cause: error });
  if (error.code === 'SQLITE_FULL') {
    return make(
      'out-of-space',
      `The disk that holds ${file} is full. Nothing was lost; free some space and try again.`,
    );
  }
  if (error.code.startsWith('SQLITE_READONLY') || error.code === 'SQLITE_CANTOPEN') {
    return make(
      'read-only',
      `${file} cannot be written. Check the folder's permissions or copy the project elsewhere.`,
    );
  }
  if (error.code.startsWith('SQLITE_BUSY') || error.code.startsWith('SQLITE_LOCKED')) {
    return make('conflict', `Another program holds ${file} locked. Close it and try again.`);
  }
  if (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB') {
    return make('damaged', `${file} is damaged (${error.message}). Restore a backup.`);
  }
  if (error.code.startsWith('SQLITE_IOERR')) {
    return make(
      'out-of-space',
      `${file} could not be read or written (${error.message}). Check the disk and its free space.`,
    );
  }
  return error;
}

/**
 * Opens a database file. @throws StudioError `read-only`, `conflict`, `damaged`, `out-of-space`
 */
export function openConnection(file: string, options: ConnectionOptions): Connection {
  const guard = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      throw sqliteError(error, file);
    }
  };
  const slowMs = options.slowMs ?? SLOW_MS;
  const database = guard(
    () =>
      new Database(file, { readonly: options.readOnly, timeout: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS }),
  );
  guard(() => {
    if (!options.readOnly) {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
    }
    database.pragma('foreign_keys = ON');
    database.pragma('cache_size = -65536');
    database.pragma('temp_store = MEMORY');
  });
  const statements = new Map<string, Database.Statement>();
  const prepare = (sql: string): Database.Statement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const timed = <T>(sql: string, parameters: SqlParameters, body: (statement: Database.Statement) => T): T =>
    guard(() => {
      const statement = prepare(sql);
      const start = performance.now();
      const result = body(statement);
      const milliseconds = performance.now() - start;
      if (milliseconds > slowMs && options.onSlow !== undefined) {
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(parameters) as { detail: string }[];
        options.onSlow({
          at: new Date().toISOString(),
          milliseconds,
          sql: sql.replace(/\s+/g, ' ').trim(),
          plan: plan.map((row) => row.detail),
        });
      }
      return result;
    });
  return {
    file,
    readOnly: options.readOnly,
    all: <T>(sql: string, parameters: SqlParameters = {}) =>
      timed(sql, parameters, (statement) => statement.all(parameters) as T[]),
    get: <T>(sql: string, parameters: SqlParameters = {}) =>
      timed(sql, parameters, (statement) => statement.get(parameters) as T | undefined),
    run: (sql, parameters = {}) =>
      timed(sql, parameters, (statement) => {
        const { changes, lastInsertRowid } = statement.run(parameters);
        return { changes, rowid: Number(lastInsertRowid) };
      }),
    exec: (sql) => guard(() => void database.exec(sql)),
    pragma: (text) => guard(() => database.pragma(text, { simple: true })),
    transaction: (body) =>
      guard(() => (database.inTransaction ? body() : database.transaction(body).immediate())),
    backup: async (target) => {
      try {
        await database.backup(target, { progress: () => BACKUP_PAGES });
      } catch (error) {
        throw sqliteError(error, file);
      }
    },
    close: () => {
      statements.clear();
      database.close();
    },
  };
}
