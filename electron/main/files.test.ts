import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { projectOfArguments, projectOfPath } from './arguments.ts';
import { openLog } from './log.ts';
import { programPaths } from './paths.ts';
import { updateFeed } from './updateFeed.ts';
import { readWindowState, writeWindowState } from './windowState.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'lofi-main-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const screens = [{ x: 0, y: 0, width: 1920, height: 1080 }];

describe('the log', () => {
  it('rotates and keeps three files', () => {
    const folder = path.join(dir, 'logs');
    const log = openLog(folder, 200);
    for (let i = 0; i < 40; i += 1) log.write('main', `line ${i}`);
    expect(existsSync(path.join(folder, 'main.2.log'))).toBe(true);
    expect(existsSync(path.join(folder, 'main.3.log'))).toBe(false);
    expect(readFileSync(log.file, 'utf8')).toContain('line 39');
  });

  it('gives the last lines of main alone', () => {
    const log = openLog(path.join(dir, 'tail'));
    log.write('service', 'labels "jump"');
    log.write('main', 'a');
    log.write('main', 'b');
    expect(log.tail(1).map((line) => line.slice(25))).toEqual(['main b']);
    expect(log.tail(9)).toHaveLength(2);
  });

  it('does not throw where nothing can be written', () => {
    writeFileSync(path.join(dir, 'file'), '');
    const log = openLog(path.join(dir, 'file'));
    expect(() => log.write('main', 'x')).not.toThrow();
    expect(log.tail(5)).toEqual([]);
  });
});

describe('the window’s place', () => {
  const file = path.join(dir, 'window.json');
  const bounds = { x: 10, y: 20, width: 1200, height: 800 };

  it('comes back', () => {
    writeWindowState(file, { bounds, maximized: true });
    expect(readWindowState(file, screens)).toEqual({ bounds, maximized: true });
  });

  it('is forgotten when its screen is gone, when it is too small or when the file is damaged', () => {
    writeWindowState(file, { bounds: { ...bounds, x: 5000 }, maximized: false });
    expect(readWindowState(file, screens).bounds).toBeNull();
    writeWindowState(file, { bounds: { ...bounds, width: 10 }, maximized: false });
    expect(readWindowState(file, screens).bounds).toBeNull();
    appendFileSync(file, '{');
    expect(readWindowState(file, screens)).toEqual({ bounds: null, maximized: false });
  });
});

describe('what the program is opened with', () => {
  it('is a project’s folder, its marker or its database, wherever it stands among the words', () => {
    const project = path.join(dir, 'mein Projekt ü');
    mkdirSync(project);
    writeFileSync(path.join(project, 'project.sqlite'), '');
    expect(projectOfPath('mein Projekt ü', dir)).toBe(project);
    expect(projectOfPath(path.join(project, 'project.sqlite'), '/')).toBe(project);
    expect(projectOfArguments(['--no-sandbox', '.', project], dir)).toBe(project);
    expect(projectOfArguments(['--x', dir], '/')).toBeNull();
    writeFileSync(path.join(project, 'project.lofi'), '{}');
    expect(projectOfPath('project.lofi', project)).toBe(project);
    expect(projectOfPath(pathToFileURL(path.join(project, 'project.lofi')).href, '/')).toBe(project);
    expect(projectOfPath('file:%', '/')).toBeNull();
    // Its database is gone: the service will say so.
    rmSync(path.join(project, 'project.sqlite'));
    expect(projectOfPath(path.join(project, 'project.lofi'), '/')).toBe(project);
    expect(projectOfPath(project, '/')).toBeNull();
  });
});

describe('where the parts lie', () => {
  it('is below the checkout, or beside the archive', () => {
    mkdirSync(path.join(dir, 'dist/main'), { recursive: true });
    const checkout = programPaths(path.join(dir, 'dist/main'), null);
    expect(checkout.service).toBe(path.join(dir, 'dist/service/index.mjs'));
    const packed = programPaths('/p/resources/app.asar/dist/main', '/p/resources');
    expect(packed.renderer).toBe('/p/resources/app.asar/dist/renderer');
    expect(packed.service).toBe('/p/resources/runtime/dist/service/index.mjs');
    expect(packed.node).toMatch(/^\/p\/resources\/runtime\/node\/node/);
  });
});

describe('updates', () => {
  it('are off unless a feed over HTTPS is set', () => {
    expect(updateFeed(dir, {})).toBeNull();
    expect(updateFeed(dir, { LOFI_UPDATE_FEED: 'http://example.org' })).toBeNull();
    writeFileSync(path.join(dir, 'update.json'), '{"feed":"https://example.org/lofi"}');
    expect(updateFeed(dir, {})).toBe('https://example.org/lofi');
    writeFileSync(path.join(dir, 'update.json'), '{"feed":7}');
    expect(updateFeed(dir, {})).toBeNull();
  });
});
