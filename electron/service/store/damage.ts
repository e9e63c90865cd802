/**
 * Looks at a database file before it is trusted: is it there, is it SQLite, is it whole, may it be opened where it lies.
 */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { StudioError } from '#core/contract/errors';
import type { Connection } from './connection.ts';
import { openConnection } from './connection.ts';

const MAGIC = 'SQLite format 3\0';
/** Larger databases are checked in the background: a full check reads every page. */
const CHECK_AT_OPEN_BYTES = 64 * 1024 * 1024;

/** @throws StudioError `damaged` when the file is no whole SQLite database */
export function checkHeader(file: string): void {
  const handle = fs.openSync(file, 'r');
  try {
    const header = Buffer.alloc(100);
    const read = fs.readSync(handle, header, 0, 100, 0);
    if (read < 100 || header.toString('latin1', 0, 16) !== MAGIC) {
      throw damagedError(file, read === 0 ? 'it is empty' : 'it does not begin like a database');
    }
  } finally {
    fs.closeSync(handle);
  }
}

/** An error that says what is wrong with a database file. */
export function damagedError(file: string, why: string): StudioError {
  return new StudioError('damaged', `${file} is damaged: ${why}. Restore a backup.`, { path: file });
}

/** Whether a full check at opening is cheap enough. */
export function isSmall(file: string): boolean {
  return fs.statSync(file).size <= CHECK_AT_OPEN_BYTES;
}

/** Reads every page. @throws StudioError `damaged` */
export function checkIntegrity(connection: Connection): void {
  const answer = connection.pragma('quick_check(1)');
  if (answer !== 'ok')
    throw damagedError(connection.file, String(answer).split('\n')[0] ?? 'the check failed');
}

/** Runs beside the service: a check of a large database takes seconds, and nobody's call should wait for it. */
const CHECK = `
  const { parentPort, workerData } = require('node:worker_threads');
  let answer;
  try {
    const Database = require(workerData.module);
    const database = new Database(workerData.file, { readonly: true });
    answer = database.pragma('quick_check(1)', { simple: true });
    database.close();
  } catch (error) {
    answer = error.message;
  }
  parentPort.postMessage(String(answer));
`;

/** Reads every page on another thread. @returns null for a whole database, else what is wrong */
export function checkBeside(file: string): Promise<string | null> {
  const module = createRequire(import.meta.url).resolve('better-sqlite3');
  return new Promise((resolve, reject) => {
    const worker = new Worker(CHECK, { eval: true, workerData: { file, module } });
    worker.once('message', (answer: string) =>
      resolve(answer === 'ok' ? null : (answer.split('\n')[0] ?? answer)),
    );
    worker.once('error', reject);
    worker.once('exit', () => resolve('the check ended without an answer'));
  });
}

/** A read-only connection and what to do with it afterwards. */
export interface ReadOnlyView {
  readonly connection: Connection;
  readonly dispose: () => void;
}

/**
 * Opens a database that this process may not write.
 *
 * SQLite wants to make files beside a database in WAL mode; where the folder forbids that, a copy in the temporary folder is read.
 */
export function openReadOnly(file: string): ReadOnlyView {
  try {
    const connection = openConnection(file, { readOnly: true });
    try {
      connection.pragma('user_version');
      return { connection, dispose: () => undefined };
    } catch (error) {
      connection.close();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== 'read-only') throw error;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-studio-view-'));
    const dispose = (): void => fs.rmSync(folder, { recursive: true, force: true });
    try {
      const copy = path.join(folder, path.basename(file));
      for (const suffix of ['', '-wal']) {
        if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, copy + suffix);
      }
      fs.chmodSync(copy, 0o600);
      return { connection: openConnection(copy, { readOnly: true }), dispose };
    } catch (failure) {
      dispose();
      throw failure;
    }
  }
}
