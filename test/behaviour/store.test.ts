/**
 * A project as a folder: made, opened, refused, read-only, moved; what a person is told when something is wrong.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StudioError } from '#core/contract/errors';
import { createProject, openProject } from '#service/store/store';
import { SCHEMA_VERSION } from '#service/store/migrate';
import { newVideo } from './projectFixture.ts';

let root = '';
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-store-'));
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

function codeOf(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    return error instanceof StudioError ? error.code : `not a StudioError: ${String(error)}`;
  }
  return 'no error';
}

describe('a project folder', () => {
  it('is made, closed and opened again with the same content', () => {
    const dir = path.join(root, 'jumps');
    const first = createProject(dir, 'Jumps');
    first.videos.add([newVideo(1), newVideo(2, { subset: 'validation' })]);
    const before = first.info();
    first.close();
    const second = openProject(dir);
    expect(second.info()).toEqual(before);
    expect(second.info()).toMatchObject({
      name: 'Jumps',
      videoCount: 2,
      schemaVersion: SCHEMA_VERSION,
      readOnlyReason: null,
    });
    expect(second.videos.list({ subset: 'validation' }).items.map((video) => video.name)).toEqual([
      'video-2.mp4',
    ]);
    second.close();
  });

  it('is not made twice in the same place', () => {
    createProject(path.join(root, 'p')).close();
    expect(codeOf(() => createProject(path.join(root, 'p')))).toBe('conflict');
  });

  it('is opened for reading by a second program, which says so', () => {
    const dir = path.join(root, 'p');
    const writer = createProject(dir);
    const reader = openProject(dir);
    expect(reader.readOnlyReason).toContain('open for writing');
    expect(codeOf(() => reader.mustWrite())).toBe('read-only');
    writer.videos.add([newVideo(1)]);
    expect(reader.videos.count()).toBe(1);
    reader.close();
    writer.close();
    const next = openProject(dir);
    expect(next.readOnlyReason).toBeNull();
    next.close();
  });

  it('is refused untouched when a newer program wrote it', () => {
    const dir = path.join(root, 'p');
    createProject(dir).close();
    const file = path.join(dir, 'project.sqlite');
    const raw = new Database(file);
    raw.pragma(`user_version = ${SCHEMA_VERSION + 10}`);
    raw.close();
    const before = fs.readFileSync(file);
    expect(codeOf(() => openProject(dir))).toBe('newer-version');
    expect(fs.readFileSync(file).equals(before)).toBe(true);
  });

  it('is refused with a clear error when it is no project', () => {
    expect(codeOf(() => openProject(path.join(root, 'nowhere')))).toBe('not-found');
    expect(codeOf(() => openProject(root))).toBe('bad-input');
    const other = path.join(root, 'other');
    fs.mkdirSync(other);
    const raw = new Database(path.join(other, 'project.sqlite'));
    raw.exec('CREATE TABLE cats (name TEXT); PRAGMA application_id = 42');
    raw.close();
    expect(codeOf(() => openProject(other))).toBe('bad-input');
    fs.writeFileSync(path.join(root, 'file'), 'x');
    expect(codeOf(() => createProject(path.join(root, 'file')))).toBe('bad-input');
  });

  it('keeps its videos when the whole folder moves, and brings a removed video back with its annotation', () => {
    const dir = path.join(root, 'p');
    const store = createProject(dir);
    const file = path.join(dir, 'clip.mp4');
    fs.writeFileSync(file, 'frames');
    const [video] = store.videos.add([newVideo(1, { path: file })]);
    store.videos.remove([video!.id]);
    expect(store.videos.count()).toBe(0);
    expect(store.videos.add([newVideo(1, { path: file })])[0]?.id).toBe(video!.id);
    expect(codeOf(() => store.videos.add([newVideo(1, { path: file })]))).toBe('conflict');
    store.close();
    fs.renameSync(dir, path.join(root, 'moved'));
    const moved = openProject(path.join(root, 'moved'));
    expect(moved.videos.require(video!.id).path).toBe(path.join(root, 'moved', 'clip.mp4'));
    moved.close();
  });

  it('lists videos by page, search, order and filter', () => {
    const store = createProject(path.join(root, 'p'));
    store.videos.add(Array.from({ length: 25 }, (_, index) => newVideo(index, { durationSec: 100 - index })));
    const page = store.videos.list({ offset: 10, limit: 5, sort: 'duration' });
    expect(page.total).toBe(25);
    expect(page.items.map((video) => video.durationSec)).toEqual([86, 87, 88, 89, 90]);
    expect(store.videos.list({ search: 'O-1%' }).total).toBe(0);
    expect(store.videos.list({ search: 'O-1' }).total).toBe(11);
    expect(store.videos.list({ filter: 'problems' }).total).toBe(0);
    expect(store.videos.list({ filter: 'unlabelled', limit: 1 }).total).toBe(25);
    store.close();
  });
});
