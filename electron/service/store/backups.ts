/**
 * Rolling backups: SQLite's online backup into `backups/`, checked before it counts, thinned by age.
 *
 * Between backups every step of the history is also appended to `edits.jsonl`, so that what was done after the newest good backup
 * can be done again when the database itself cannot be read.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import { openConnection, type Connection } from './connection.ts';
import { checkBeside, checkHeader, checkIntegrity, damagedError } from './damage.ts';
import type { HistoryTable, JournalLine } from './history.ts';
import type { ProjectLayout } from './layout.ts';

/** A backup that was checked when it was made. */
export interface BackupFile {
  readonly name: string;
  readonly at: string;
  readonly bytes: number;
}

/** Backups of an open project. */
export interface Backups {
  list(): BackupFile[];
  /** Makes a backup unless nothing changed since the last. @returns it, or null */
  make(reason: 'open' | 'hourly' | 'asked'): Promise<BackupFile | null>;
  /** Resolves when no backup is running. */
  settled(): Promise<void>;
}

const NAME = /^project-(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-\d{3}Z)-([a-z0-9-]+)\.sqlite$/;
const EDITS = 'edits.jsonl';
const EDITS_BEFORE = 'edits-before.jsonl';
const HOUR_MS = 3_600_000;

const timeOf = (stamp: string): string => stamp.replace(/T(\d{2})-(\d{2})-(\d{2})-(\d{3})Z/, 'T$1:$2:$3.$4Z');
const stampOf = (time: number): string => new Date(time).toISOString().replaceAll(':', '-').replace('.', '-');

/** Backups in a folder, newest first. */
export function listBackups(layout: ProjectLayout): BackupFile[] {
  if (!fs.existsSync(layout.backups)) return [];
  return fs
    .readdirSync(layout.backups)
    .flatMap((name) => {
      const match = NAME.exec(name);
      if (match?.[1] === undefined) return [];
      const { size } = fs.statSync(path.join(layout.backups, name));
      return [{ name, at: timeOf(match[1]), bytes: size }];
    })
    .sort((a, b) => (a.at < b.at ? 1 : -1));
}

/**
 * Which backups may go: the five newest stay, then one for each hour of the last day, each day of the last month, each week of the
 * last year.
 *
 * @param backups newest first
 */
export function thin(backups: readonly BackupFile[], now: number): BackupFile[] {
  const kept = new Set<string>();
  return backups.filter((backup, index) => {
    const age = Math.max(0, now - Date.parse(backup.at));
    const hours = Math.floor(age / HOUR_MS);
    const slot =
      hours < 24
        ? `hour ${hours}`
        : hours < 24 * 31
          ? `day ${Math.floor(hours / 24)}`
          : hours < 24 * 366
            ? `week ${Math.floor(hours / 168)}`
            : 'older';
    const stays = index < 5 || (slot !== 'older' && !kept.has(slot));
    if (stays) kept.add(slot);
    return !stays;
  });
}

function syncFile(file: string): void {
  const handle = fs.openSync(file, 'r+');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** A backup that cannot be opened and read whole is no backup. */
function check(file: string): void {
  checkHeader(file);
  const connection = openConnection(file, { readOnly: true });
  try {
    checkIntegrity(connection);
  } finally {
    connection.close();
  }
}

/** Copies before the schema changes; the copy is made inside SQLite and is consistent. */
export function backupBeforeMigration(connection: Connection, layout: ProjectLayout, version: number): void {
  const target = path.join(
    layout.backups,
    `project-${stampOf(Date.now())}-before-migration-from-${version}.sqlite`,
  );
  const temporary = `${target}.part`;
  fs.rmSync(temporary, { force: true });
  connection.exec(`VACUUM INTO '${temporary.replaceAll("'", "''")}'`);
  check(temporary);
  syncFile(temporary);
  fs.renameSync(temporary, target);
}

/** Steps that were written beside the database, in order. Broken lines end the list. */
export function readEdits(layout: ProjectLayout): JournalLine[] {
  const lines: JournalLine[] = [];
  for (const name of [EDITS_BEFORE, EDITS]) {
    const file = path.join(layout.backups, name);
    if (!fs.existsSync(file)) continue;
    for (const text of fs.readFileSync(file, 'utf8').split('\n')) {
      if (text === '') continue;
      try {
        lines.push(JSON.parse(text) as JournalLine);
      } catch {
        break;
      }
    }
  }
  return lines.sort((a, b) => a.seq - b.seq);
}

/** Backups of an open project. Also begins to write steps beside the database. */
export function createBackups(
  connection: Connection,
  layout: ProjectLayout,
  history: HistoryTable,
  now: () => number = Date.now,
): Backups {
  const edits = path.join(layout.backups, EDITS);
  if (!connection.readOnly) {
    history.onCommit((line) => {
      try {
        fs.appendFileSync(edits, `${JSON.stringify(line)}\n`);
      } catch {
        // The step itself is safe in the database; this copy is the second net.
      }
    });
  }
  /** What is compared to see whether anything changed: SQLite's own change counter of the file's header. */
  let lastChange: unknown = null;
  let running: Promise<BackupFile | null> | null = null;
  const changeCounter = (): string => {
    const changes = connection.get<{ changes: number }>('SELECT total_changes() AS changes')?.changes ?? 0;
    return `${changes}/${history.revision()}`;
  };
  /** Whether the database's files are older than the newest backup: nothing was written since. */
  const isBackedUp = (): boolean => {
    const [newest] = listBackups(layout);
    if (newest === undefined) return false;
    const writtenAt = (file: string): number => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const backedUpAt = writtenAt(path.join(layout.backups, newest.name));
    const wal = `${layout.database}-wal`;
    const walBytes = fs.statSync(wal, { throwIfNoEntry: false })?.size ?? 0;
    return writtenAt(layout.database) < backedUpAt && (walBytes === 0 || writtenAt(wal) < backedUpAt);
  };
  const make = async (reason: string): Promise<BackupFile | null> => {
    const counter = changeCounter();
    if (reason !== 'asked' && counter === lastChange) return null;
    if (reason === 'open' && isBackedUp()) {
      lastChange = counter;
      return null;
    }
    fs.mkdirSync(layout.backups, { recursive: true });
    const stamp = stampOf(now());
    const name = `project-${stamp}-${reason}.sqlite`;
    const target = path.join(layout.backups, name);
    const temporary = `${target}.part`;
    try {
      await connection.backup(temporary);
      const problem = await checkBeside(temporary);
      if (problem !== null) throw damagedError(temporary, problem);
      syncFile(temporary);
      fs.renameSync(temporary, target);
    } catch (error) {
      for (const suffix of ['', '-wal', '-shm', '-journal']) fs.rmSync(temporary + suffix, { force: true });
      throw error;
    }
    for (const suffix of ['-wal', '-shm']) fs.rmSync(temporary + suffix, { force: true });
    lastChange = counter;
    // Steps since the backup before this one stay readable, should this one turn out bad later.
    if (fs.existsSync(edits)) fs.renameSync(edits, path.join(layout.backups, EDITS_BEFORE));
    for (const old of thin(listBackups(layout), now()))
      fs.rmSync(path.join(layout.backups, old.name), { force: true });
    return listBackups(layout).find((backup) => backup.name === name) ?? null;
  };
  return {
    list: () => listBackups(layout),
    make: (reason) => {
      running ??= make(reason).finally(() => {
        running = null;
      });
      return running;
    },
    settled: async () => {
      await running?.catch(() => undefined);
    },
  };
}

/**
 * Puts a backup in the place of the database; the database is set aside, never deleted.
 *
 * @returns where the old database lies now
 * @throws StudioError `not-found`, `damaged` when the backup itself is bad
 */
export function putBackInPlace(layout: ProjectLayout, name: string, now: number = Date.now()): string {
  const backup = listBackups(layout).find((candidate) => candidate.name === name);
  if (backup === undefined) throw new StudioError('not-found', `There is no backup ${name}.`, { name });
  const source = path.join(layout.backups, name);
  check(source);
  for (const suffix of ['-wal', '-shm']) fs.rmSync(source + suffix, { force: true });
  const aside = path.join(layout.damaged, stampOf(now));
  fs.mkdirSync(aside, { recursive: true });
  const temporary = `${layout.database}.part`;
  fs.copyFileSync(source, temporary);
  syncFile(temporary);
  for (const suffix of ['', '-wal', '-shm']) {
    const file = layout.database + suffix;
    if (fs.existsSync(file)) fs.renameSync(file, path.join(aside, path.basename(file)));
  }
  fs.renameSync(temporary, layout.database);
  return aside;
}

/** Does the steps again that a restored database lacks. @returns how many fitted, and how many did not */
export function replayEdits(
  history: HistoryTable,
  lines: readonly JournalLine[],
): { done: number; lost: number } {
  const from = history.revision();
  const missing = lines.filter((line) => line.seq > from);
  let done = 0;
  for (const line of missing) {
    if (!history.replay(line)) break;
    done += 1;
  }
  return { done, lost: missing.length - done };
}

/** Steps that belong to the database that was set aside go with it. */
export function setEditsAside(layout: ProjectLayout, aside: string): void {
  for (const name of [EDITS_BEFORE, EDITS]) {
    const file = path.join(layout.backups, name);
    if (fs.existsSync(file)) fs.renameSync(file, path.join(aside, name));
  }
}
