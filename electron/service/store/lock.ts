/**
 * One project is written by one process: a lock that the operating system gives back when the process dies, however it dies.
 *
 * The lock is an exclusive transaction on a database of its own (`lock.sqlite`), so it works the same on Linux, macOS and Windows,
 * and a `kill -9` never leaves a stale one. Who holds it is written beside it, for words only.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import Database from 'better-sqlite3';

/** A held lock. */
export interface ProjectLock {
  release(): void;
}

const LOCK_FILE = 'lock.sqlite';
const OWNER_FILE = 'lock.json';

/**
 * Takes a project's write lock.
 *
 * @returns the lock, or a reason in words why this process may only read
 */
export function takeLock(dir: string): ProjectLock | string {
  let database: Database.Database | null = null;
  try {
    database = new Database(path.join(dir, LOCK_FILE), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    const code = error instanceof Database.SqliteError ? error.code : '';
    if (code.startsWith('SQLITE_BUSY'))
      return `It is open for writing in ${ownerOf(dir)}; here it can only be read.`;
    return 'Its folder cannot be written; here it can only be read.';
  }
  const owner = { pid: process.pid, host: os.hostname(), since: new Date().toISOString() };
  try {
    for (const name of fs.readdirSync(dir)) {
      if (name.startsWith('project.sqlite')) fs.accessSync(path.join(dir, name), fs.constants.W_OK);
    }
    fs.writeFileSync(path.join(dir, OWNER_FILE), JSON.stringify(owner));
  } catch (error) {
    // SQLite takes an exclusive lock on a read-only disk without a word; writing tells. On a full disk, only the words are missing.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') {
      database.close();
      return 'Its folder cannot be written; here it can only be read.';
    }
  }
  const held = database;
  return {
    release: () => {
      fs.rmSync(path.join(dir, OWNER_FILE), { force: true });
      held.close();
    },
  };
}

function ownerOf(dir: string): string {
  try {
    const owner = JSON.parse(fs.readFileSync(path.join(dir, OWNER_FILE), 'utf8')) as {
      pid?: number;
      host?: string;
    };
    return `another program (process ${String(owner.pid)} on ${String(owner.host)})`;
  } catch {
    return 'another program';
  }
}
