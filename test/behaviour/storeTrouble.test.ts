/**
 * Trouble with the disk: damage, backups, a full disk, a read-only folder, a database that another program locks.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StudioError } from '#core/contract/errors';
import { callHandler } from '#core/contract/wrap';
import { createService, type Service } from '#service/index';
import { applyEdit } from '#service/store/annotate';
import { thin, type BackupFile } from '#service/store/backups';
import type { SlowQuery } from '#service/store/connection';
import { openConnection } from '#service/store/connection';
import { MIGRATIONS, migrate, SCHEMA_VERSION } from '#service/store/migrate';
import { createProject, openProject, type Store } from '#service/store/store';
import { canMount, mount, remount, unmountAll } from './mounts.ts';
import { contentOf, newVideo } from './projectFixture.ts';

let root = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-trouble-'));
});
afterEach(() => {
  unmountAll();
  fs.rmSync(root, { recursive: true, force: true });
});

const LABEL = {
  id: 'L',
  name: 'jump',
  colour: '#ff0000',
  key: null,
  parentId: null,
  description: '',
  ignore: false,
};

function fill(store: Store): void {
  store.videos.add([newVideo(1), newVideo(2)]);
  applyEdit(store, { type: 'add-labels', labels: [LABEL] }, { annotator: 'me' });
}
function label(store: Store, serial: number, note = ''): void {
  applyEdit(
    store,
    {
      type: 'add-segments',
      segments: [
        {
          id: `s${serial}`,
          videoId: 'v1',
          labelId: 'L',
          startPts: serial,
          endPts: serial + 10,
          note,
          attributes: {},
        },
      ],
    },
    { annotator: 'me' },
  );
}
function errorOf(body: () => unknown): StudioError {
  try {
    body();
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('a damaged database', () => {
  const damage: Readonly<Record<string, (file: string) => void>> = {
    'is empty': (file) => fs.truncateSync(file, 0),
    'was cut off': (file) => fs.truncateSync(file, 20_000),
    'holds noise in its middle': (file) => {
      const handle = fs.openSync(file, 'r+');
      for (let page = 2; page < 12; page += 1)
        fs.writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
      fs.closeSync(handle);
    },
    'is another kind of file': (file) => fs.writeFileSync(file, 'Dear diary, '.repeat(1000)),
  };
  it.each(Object.keys(damage))(
    'that %s is refused, set aside, and rebuilt from a backup and the history',
    async (kind) => {
      const dir = path.join(root, 'p');
      const store = createProject(dir);
      fill(store);
      label(store, 1);
      const backup = await store.backups.make('asked');
      label(store, 2);
      store.history.undo('me');
      label(store, 3, 'after the backup');
      const content = contentOf(store);
      store.close();
      const file = path.join(dir, 'project.sqlite');
      damage[kind]!(file);
      const damaged = fs.readFileSync(file);

      const service: Service = await createService({
        dataDir: path.join(root, 'data'),
        shell: 'browser',
        mediaBase: '/media',
      });
      try {
        const refused = await callHandler(service.handlers, 'project.open', { dir });
        expect(refused).toMatchObject({
          ok: false,
          error: { code: 'damaged', detail: { backups: [backup?.name] } },
        });
        expect(fs.readFileSync(file).equals(damaged)).toBe(true);
        const offered = await callHandler(service.handlers, 'project.backups', {});
        expect(offered).toMatchObject({ ok: true, result: [{ name: backup?.name }] });
        const restored = await callHandler(service.handlers, 'project.restoreBackup', { name: backup?.name });
        expect(restored).toMatchObject({ ok: true, result: { readOnlyReason: null, segmentCount: 2 } });
      } finally {
        await service.close();
      }
      const again = openProject(dir);
      expect(contentOf(again)).toEqual(content);
      expect(again.meta.get('restored')).toMatchObject({ from: backup?.name, done: 3, lost: 0 });
      again.close();
      const [aside] = fs.readdirSync(path.join(dir, 'damaged'));
      expect(fs.readFileSync(path.join(dir, 'damaged', aside ?? '', 'project.sqlite')).equals(damaged)).toBe(
        true,
      );
    },
  );
});

describe('backups', () => {
  it('are made when something changed, are whole, and can be restored and taken back', async () => {
    const dir = path.join(root, 'p');
    const store = createProject(dir);
    fill(store);
    label(store, 1);
    const first = await store.backups.make('open');
    expect(await store.backups.make('hourly')).toBeNull();
    label(store, 2);
    expect(await store.backups.make('hourly')).not.toBeNull();
    expect(store.backups.list()).toHaveLength(2);
    store.close();
    const service = await createService({
      dataDir: path.join(root, 'data'),
      shell: 'browser',
      mediaBase: '/media',
    });
    await callHandler(service.handlers, 'project.open', { dir });
    const restored = await callHandler(service.handlers, 'project.restoreBackup', { name: first?.name });
    expect(restored).toMatchObject({ ok: true, result: { segmentCount: 1 } });
    const list = await callHandler(service.handlers, 'project.backups', {});
    const newestBefore = list.ok
      ? (list.result as BackupFile[]).find((each) => each.name.includes('asked'))
      : undefined;
    expect(newestBefore).toBeDefined();
    await service.close();
  });

  it('are not made again by opening alone', async () => {
    const dir = path.join(root, 'p');
    let store = createProject(dir);
    fill(store);
    store.close();
    const opened = async (change: boolean): Promise<boolean> => {
      // Times of files are told apart from here on.
      await new Promise((resolve) => setTimeout(resolve, 20));
      store = openProject(dir);
      const made = (await store.backups.make('open')) !== null;
      if (change) label(store, 7);
      store.close();
      return made;
    };
    expect(await opened(false)).toBe(true);
    await opened(false);
    expect(await opened(false)).toBe(false);
    expect(await opened(true)).toBe(false);
    expect(await opened(false)).toBe(true);
  });

  it('are thinned: the newest five, then by hour, day and week', () => {
    const now = Date.parse('2026-06-01T12:00:00Z');
    const every10Minutes = Array.from({ length: 60 * 24 * 6 }, (_, index): BackupFile => {
      const at = new Date(now - index * 600_000).toISOString();
      return { name: at, at, bytes: 1 };
    });
    const gone = new Set(thin(every10Minutes, now).map((backup) => backup.name));
    const kept = every10Minutes.filter((backup) => !gone.has(backup.name));
    expect(kept.slice(0, 5)).toEqual(every10Minutes.slice(0, 5));
    const ages = kept.map((backup) => (now - Date.parse(backup.at)) / 3_600_000);
    expect(ages.filter((age) => age < 24)).toHaveLength(5 + 23);
    expect(ages.filter((age) => age >= 24 && age < 24 * 31)).toHaveLength(30);
    expect(ages.filter((age) => age >= 24 * 31).length).toBeLessThan(6);
    // What stays, stays: thinning again takes nothing.
    expect(thin(kept, now)).toEqual([]);
  });

  it('are made before a migration, which is all or nothing', () => {
    const dir = path.join(root, 'p');
    createProject(dir).close();
    const file = path.join(dir, 'project.sqlite');
    fs.rmSync(file);
    const old = openConnection(file, { readOnly: false });
    migrate(
      old,
      MIGRATIONS.filter(({ version }) => version <= 30),
    );
    const broken = {
      version: 1000,
      up: () => {
        throw new Error('half way');
      },
    };
    expect(() => migrate(old, [...MIGRATIONS, broken])).toThrow('half way');
    expect(old.pragma('user_version')).toBe(30);
    old.close();
    const store = openProject(dir);
    expect(store.info().schemaVersion).toBe(SCHEMA_VERSION);
    expect(store.backups.list().map((backup) => backup.name)).toEqual([
      expect.stringContaining('before-migration-from-30'),
    ]);
    store.close();
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(
      [...MIGRATIONS].map(({ version }) => version).sort((a, b) => a - b),
    );
  });
});

describe('a disk', () => {
  it.skipIf(!canMount)(
    'that is full stops the edit with words and loses nothing (skipped where nothing can be mounted)',
    () => {
      const disk = path.join(root, 'disk');
      expect(mount(['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs'], disk)).toBe(true);
      const store = createProject(path.join(disk, 'p'));
      fill(store);
      let saved = 0;
      const error = errorOf(() => {
        for (let serial = 0; serial < 5000; serial += 1) {
          label(store, serial, 'x'.repeat(5000));
          saved = serial + 1;
        }
      });
      expect(error.code).toBe('out-of-space');
      expect(saved).toBeGreaterThan(5);
      expect(store.document.segmentCount()).toBe(saved);
      store.close();
      remount('size=40m', disk);
      const again = openProject(path.join(disk, 'p'));
      expect(again.document.segmentCount()).toBe(saved);
      label(again, saved);
      again.close();
    },
  );

  it.skipIf(!canMount)(
    'that cannot be written is opened for reading (skipped where nothing can be mounted)',
    () => {
      const dir = path.join(root, 'p');
      const store = createProject(dir);
      fill(store);
      label(store, 1);
      store.close();
      const view = path.join(root, 'view');
      fs.mkdirSync(view);
      expect(mount(['--bind', dir], view)).toBe(true);
      remount('ro,bind', view);
      const before = fs.readdirSync(view).sort();
      const opened = openProject(view);
      expect(opened.readOnlyReason).toContain('cannot be written');
      expect(opened.document.segmentCount()).toBe(1);
      expect(errorOf(() => label(opened, 2)).code).toBe('read-only');
      opened.close();
      expect(fs.readdirSync(view).sort()).toEqual(before);
      expect(errorOf(() => createProject(path.join(view, 'new'))).code).toBe('read-only');
    },
  );
});

describe('a database that another program locks', () => {
  it('is told in words, and the edit can be made when it is free again', () => {
    const dir = path.join(root, 'p');
    const store = createProject(dir);
    fill(store);
    store.close();
    const file = path.join(dir, 'project.sqlite');
    const impatient = openConnection(file, { readOnly: false, busyTimeoutMs: 20 });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    expect(errorOf(() => impatient.run("UPDATE videos SET name = 'x'")).code).toBe('conflict');
    other.exec('ROLLBACK');
    expect(impatient.run("UPDATE videos SET name = 'x'").changes).toBe(2);
    other.close();
    impatient.close();
  });
});

describe('a slow query', () => {
  it('is logged with its plan', () => {
    const logged: SlowQuery[] = [];
    const connection = openConnection(path.join(root, 'slow.sqlite'), {
      readOnly: false,
      slowMs: 0,
      onSlow: (query) => logged.push(query),
    });
    connection.exec('CREATE TABLE t (a INTEGER)');
    connection.all('SELECT * FROM t WHERE a = @a', { a: 1 });
    expect(logged).toMatchObject([{ sql: 'SELECT * FROM t WHERE a = @a', plan: ['SCAN t'] }]);
    connection.close();
  });
});
