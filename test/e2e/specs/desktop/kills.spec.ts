import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createRandom } from '#core/util/random';
import { openProject } from '#service/store/store';
import { startDesktop, type Desktop } from '../../fixtures/desktop.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { descendants, killHard } from '../../fixtures/processes.ts';
import { makeLabelledProject } from '../../fixtures/videos.ts';

const KILLS = 20;
const SEED = Number(process.env['LOFI_TEST_SEED'] ?? 9);
const VICTIMS = ['service', 'worker', 'page'] as const;
const RECOVERY = { timeout: 60_000, interval: 50 };

const folder = temporaryFolder('kills');
const project = path.join(folder, 'Versuch');
let desktop: Desktop;

/** Calls the contract from the page as it is now. Playwright gives a page up when its process dies, so main is asked to. */
function ask<T>(name: string, args: unknown = {}): Promise<T> {
  const code = `studio.invoke(${JSON.stringify(name)}, ${JSON.stringify(args)})`;
  return desktop.app.evaluate<T, string>(async ({ BrowserWindow }, text) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    if (contents === undefined) throw new Error('no window');
    // What a page that dies never answers is an edit that nobody acknowledged.
    return new Promise<T>((resolve, reject) => {
      const onGone = (): void => reject(new Error('the page is gone'));
      const late = setTimeout(() => reject(new Error('no answer')), 5000);
      contents.once('render-process-gone', onGone);
      contents
        .executeJavaScript(text)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(late);
          contents.off('render-process-gone', onGone);
        });
    });
  }, code);
}

interface Job {
  readonly id: string;
  readonly state: string;
  readonly resumable: boolean;
}

beforeAll(async () => {
  mkdirSync(path.join(folder, 'data'));
  await makeLabelledProject(project);
  desktop = await startDesktop({ dataDir: path.join(folder, 'data'), args: [project] });
  await (await desktop.app.firstWindow()).getByTestId('nav-library').waitFor();
});
afterAll(async () => {
  await desktop.app.evaluate(({ app }) => app.exit(0)).catch(() => undefined);
  desktop.remove();
});

describe('twenty kills of the service, the worker or the page while somebody labels', () => {
  it('recovers by itself each time, with every acknowledged edit', async () => {
    const random = createRandom(SEED);
    const video = (await ask<{ items: { id: string }[] }>('videos.list')).items[0]?.id ?? '';
    const acknowledged: string[] = [];
    const killed: Record<(typeof VICTIMS)[number], number> = { service: 0, worker: 0, page: 0 };
    let at = 0;

    const label = async (): Promise<void> => {
      const id = `segment-${(at += 1)}`;
      const segment = { id, videoId: video, labelId: 'a', startPts: at * 8, endPts: at * 8 + 8 };
      await ask('document.edit', { edit: { type: 'add-segments', segments: [segment] } }).then(
        () => acknowledged.push(id),
        () => undefined,
      );
    };
    /** The training goes on or is taken up again, as a person does who finds it failed or done. */
    const expectWorker = async (): Promise<void> => {
      const workers = await descendants(desktop.pid, 'worker');
      if (workers.length === 1) return;
      const jobs = await ask<Job[]>('jobs.list');
      const mine = jobs.find(({ state }) => state !== 'done' && state !== 'cancelled');
      if (mine === undefined) await ask('train.start');
      else if (mine.state === 'failed') await ask('jobs.retry', { id: mine.id });
      throw new Error(`${workers.length} workers; jobs: ${jobs.map(({ state }) => state).join(', ')}`);
    };

    await ask('document.edit', {
      edit: { type: 'add-labels', labels: [{ id: 'a', name: 'a', colour: '#5490f4', key: null }] },
    });
    const victims = Array.from({ length: KILLS }, (_, kill) => VICTIMS[kill % VICTIMS.length] ?? 'page');
    for (const victim of random.shuffle(victims)) {
      if (victim === 'worker') await vi.waitFor(expectWorker, RECOVERY);
      const labelling = (async () => {
        for (let n = 0; n < 6; n += 1) await label();
      })();
      await new Promise((resolve) => setTimeout(resolve, Math.floor(random.next() * 60)));
      const pids =
        victim === 'page'
          ? [
              await desktop.app.evaluate(({ BrowserWindow }) =>
                BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
              ),
            ]
          : await descendants(desktop.pid, victim);
      for (const pid of pids) {
        if (pid === undefined || pid === 0) continue;
        killHard(pid);
        killed[victim] += 1;
      }
      await labelling;
      // By itself: the page is there, the service answers, the project is open.
      await vi.waitFor(async () => {
        expect(await ask('project.current')).toMatchObject({ dir: project });
      }, RECOVERY);
    }
    for (const victim of VICTIMS) expect(killed[victim], victim).toBeGreaterThanOrEqual(6);

    const { segments } = await ask<{ segments: { id: string }[] }>('document.get', { videoId: video });
    const kept = new Set(segments.map(({ id }) => id));
    expect(acknowledged.length).toBeGreaterThan(KILLS);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    console.log(
      `killed ${JSON.stringify(killed)}; ${acknowledged.length} of ${at} edits acknowledged, all kept`,
    );
  });

  it('leaves a project that opens without damage', async () => {
    await desktop.app.evaluate(({ app }) => app.exit(0)).catch(() => undefined);
    await vi.waitFor(async () => expect(await descendants(desktop.pid, 'service')).toEqual([]), RECOVERY);
    const store = openProject(project);
    expect(store.isDamaged).toBe(false);
    expect(store.readOnlyReason).toBeNull();
    store.close();
  });
});
