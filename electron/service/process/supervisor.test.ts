import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { superviseService, type ServiceProcess, type SupervisorOptions } from './supervisor.ts';

const ENTRY = path.resolve(import.meta.dirname, '../../../test/fixtures/service/entry.ts');
const edit = (id: string): unknown => ({
  edit: { type: 'add-segments', segments: [{ id, videoId: 'v', labelId: 'l', startPts: 0, endPts: 1 }] },
});

describe('superviseService', () => {
  let dataDir = '';
  let service: ServiceProcess;
  const states: string[] = [];

  const start = (more: Partial<SupervisorOptions> = {}): ServiceProcess => {
    service = superviseService({
      node: process.execPath,
      entry: ENTRY,
      dataDir,
      shell: 'browser',
      mediaBase: '/media',
      firstPauseMs: 10,
      onEvent: (name, payload) => {
        if (name === 'service.state') states.push((payload as { state: string }).state);
      },
      onLog: () => undefined,
      ...more,
    });
    return service;
  };
  const written = (name: string): string => {
    const file = path.join(dataDir, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };

  beforeEach(() => {
    dataDir = mkdtempSync(path.join(os.tmpdir(), 'lofi-supervisor äöü '));
    states.length = 0;
  });
  afterEach(async () => {
    await service.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('answers calls that were made before the service was up', async () => {
    expect(await start().call('document.edit', edit('a'))).toEqual({
      ok: true,
      result: { revision: 1, entry: null, videoIds: [], labelsChanged: false },
    });
  });

  it('gives typed errors for what the service throws and for what is no call', async () => {
    start();
    expect(await service.call('jobs.cancel', { id: 'x' })).toMatchObject({
      ok: false,
      error: { code: 'not-found', detail: { id: 'x' } },
    });
    expect(await service.call('toString', {})).toMatchObject({ ok: false, error: { code: 'wrong-usage' } });
    expect(await service.call('jobs.cancel', { id: 7 })).toMatchObject({
      ok: false,
      error: { code: 'wrong-usage' },
    });
  });

  it('refuses arguments that no message can carry', async () => {
    start();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const args of [circle, { id: 10n }]) {
      expect(await service.call('jobs.cancel', args)).toMatchObject({
        ok: false,
        error: { code: 'wrong-usage' },
      });
    }
  });

  it('repeats an edit that the service died in, and the edit is there once', async () => {
    writeFileSync(path.join(dataDir, 'die-in'), 'document.edit\n');
    start();
    expect(await service.call('document.edit', edit('a'))).toMatchObject({
      ok: true,
      result: { revision: 1 },
    });
    expect(written('edits')).toBe('a\n');
    expect(states).toEqual(['connected', 'reconnecting', 'connected']);
  });

  it('does not repeat what could happen twice, and says so', async () => {
    writeFileSync(path.join(dataDir, 'die-in'), 'history.undo\n');
    start();
    expect(await service.call('history.undo', {})).toMatchObject({ ok: false, error: { code: 'conflict' } });
    expect(await service.call('history.undo', {})).toMatchObject({ ok: true });
  });

  it('gives a call up that kills the service each time', async () => {
    writeFileSync(path.join(dataDir, 'die-in'), 'labels.list\n'.repeat(5));
    start({ tries: 20 });
    expect(await service.call('labels.list', {})).toMatchObject({ ok: false, error: { code: 'conflict' } });
    expect(written('died-in')).toBe('labels.list\n'.repeat(3));
  });

  it('opens the project again after a death, before anything else', async () => {
    start();
    await service.call('project.open', { dir: '/some/project' });
    process.kill(service.pid() ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(states.slice(-2)).toEqual(['reconnecting', 'connected']), {
      timeout: 10_000,
    });
    expect(written('opened')).toBe('/some/project\n/some/project\n');
  });

  it('starts a service that hangs again', async () => {
    start({ pingMs: 20 });
    await service.whenReady();
    const pid = service.pid() ?? 0;
    process.kill(pid, 'SIGSTOP');
    await vi.waitFor(
      () => {
        expect(service.pid()).not.toBe(pid);
        expect(states).toEqual(['connected', 'reconnecting', 'connected']);
      },
      { timeout: 10_000 },
    );
    expect(await service.call('jobs.list', {})).toMatchObject({ ok: true });
  });

  it('says why a service cannot be started, and stops trying', async () => {
    writeFileSync(path.join(dataDir, 'never-start'), '');
    start({ tries: 1 });
    await expect(service.whenReady()).rejects.toThrow(/stops again and again/);
    expect(service.state().state).toBe('failed');
    expect(await service.call('jobs.list', {})).toMatchObject({ ok: false, error: { code: 'internal' } });
  });

  it('goes on starting a service that works, however often it is killed', async () => {
    start({ tries: 2 });
    for (let kill = 0; kill < 4; kill += 1) {
      expect(await service.call('jobs.list', {})).toMatchObject({ ok: true });
      process.kill(service.pid() ?? 0, 'SIGKILL');
    }
    expect(await service.call('jobs.list', {})).toMatchObject({ ok: true });
    expect(states).not.toContain('failed');
  });

  it('lets the service finish when it closes', async () => {
    start();
    await service.whenReady();
    await service.close();
    expect(written('closed')).toBe('closed\n');
    expect(await service.call('jobs.list', {})).toMatchObject({ ok: false, error: { code: 'cancelled' } });
  });
});
