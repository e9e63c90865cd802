/**
 * Brings a database to this program's schema: numbered steps of ten, all pending ones in one transaction.
 *
 * A database from a newer program is refused and left untouched. Constants that a migration uses are frozen inside it.
 */
import { StudioError } from '#core/contract/errors';
import type { Connection } from './connection.ts';
import { projectTables } from './migrations/0010-project.ts';
import { workTables } from './migrations/0020-work.ts';
import { historyTables } from './migrations/0030-history.ts';
import { searchTables } from './migrations/0040-search.ts';
import { reviewOrder } from './migrations/0050-review-order.ts';
import { rejectedVideos } from './migrations/0060-rejected.ts';

/** One step. */
export interface Migration {
  /** `PRAGMA user_version` after it. */
  readonly version: number;
  readonly up: (connection: Connection) => void;
}

/** Every step, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  { version: 10, up: projectTables },
  { version: 20, up: workTables },
  { version: 30, up: historyTables },
  { version: 40, up: searchTables },
  { version: 50, up: reviewOrder },
  { version: 60, up: rejectedVideos },
];

/** The schema that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)?.version ?? 0;

/** `PRAGMA application_id` of a project: "LoFi". */
export const APPLICATION_ID = 0x4c6f_4669;

/**
 * Looks at a database before anything is written.
 *
 * @returns its schema version; 0 for an empty file
 * @throws StudioError `newer-version` when a newer program wrote it, `bad-input` when it is no project
 */
export function checkVersion(connection: Connection): number {
  const version = Number(connection.pragma('user_version'));
  const application = Number(connection.pragma('application_id'));
  if (application !== APPLICATION_ID && !(application === 0 && version === 0)) {
    throw new StudioError(
      'bad-input',
      `${connection.file} is a database of another program, not a LoFi Studio project.`,
      {
        path: connection.file,
      },
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new StudioError(
      'newer-version',
      `${connection.file} was written by a newer LoFi Studio (schema ${version}, this one knows ${SCHEMA_VERSION}). It was left untouched; update the program to open it.`,
      { path: connection.file, version, known: SCHEMA_VERSION },
    );
  }
  return version;
}

/** Applies what is pending, all or nothing. @returns the versions that were applied */
export function migrate(connection: Connection, migrations: readonly Migration[] = MIGRATIONS): number[] {
  const from = Number(connection.pragma('user_version'));
  const pending = migrations.filter((migration) => migration.version > from);
  if (pending.length === 0) return [];
  connection.transaction(() => {
    for (const { up, version } of pending) {
      up(connection);
      connection.pragma(`user_version = ${version}`);
    }
    connection.pragma(`application_id = ${APPLICATION_ID}`);
  });
  connection.exec('PRAGMA optimize');
  return pending.map((migration) => migration.version);
}
