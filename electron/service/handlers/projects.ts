/**
 * Calls about projects: create, open, close, recent ones, backups.
 */
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { Handlers } from '#core/contract/invoke';
import { listBackups, putBackInPlace, readEdits, replayEdits, setEditsAside } from '#service/store/backups';
import { projectDirOf, projectLayout } from '#service/store/layout';
import { createProject, isProject, openProject, type Store } from '#service/store/store';
import type { ServiceContext } from './context.ts';
import { fillSample } from './sample.ts';

/** Handlers of `project.*`. */
export function projectHandlers(
  context: ServiceContext,
): Pick<
  Handlers,
  | 'project.create'
  | 'project.open'
  | 'project.openSample'
  | 'project.close'
  | 'project.current'
  | 'project.recent'
  | 'project.backups'
  | 'project.restoreBackup'
> {
  /** The folder whose database was found damaged last: `restoreBackup` may be called for it. */
  let damagedDir: string | null = null;

  const use = async (store: Store): Promise<ReturnType<Store['info']>> => {
    damagedDir = null;
    const project = await context.open(store);
    const info = project.store.info();
    context.preferences.opened(info.dir, info.name);
    context.publish('project.changed', { project: info });
    return info;
  };
  const open = async (given: string): Promise<ReturnType<Store['info']>> => {
    const dir = projectDirOf(given);
    const current = context.current();
    if (current !== null && current.store.layout.dir === dir) return current.store.info();
    try {
      return await use(openProject(dir));
    } catch (error) {
      if (error instanceof StudioError && error.code === 'damaged') damagedDir = dir;
      throw error;
    }
  };
  return {
    'project.create': ({ dir, name }) => use(createProject(dir, name)),
    'project.open': ({ dir }) => open(dir),
    'project.openSample': async () => {
      const dir = path.join(context.dataDir, 'sample');
      if (!isProject(dir)) await fillSample(dir);
      return open(dir);
    },
    'project.close': async () => {
      await context.close();
      context.publish('project.changed', { project: null });
      return null;
    },
    'project.current': () => context.current()?.store.info() ?? null,
    'project.recent': () => context.preferences.recent(),
    'project.backups': () => {
      if (damagedDir !== null) return listBackups(projectLayout(damagedDir));
      return context.project().store.backups.list();
    },
    'project.restoreBackup': async ({ name }) => {
      const current = damagedDir === null ? context.project().store : null;
      const damaged = damagedDir !== null || current?.isDamaged === true;
      const dir = damagedDir ?? context.project().store.layout.dir;
      const layout = projectLayout(dir);
      // What is there now becomes a backup, too: restoring can be taken back.
      if (!damaged) await context.writable().backups.make('asked');
      if (current !== null) await context.close();
      const edits = damaged ? readEdits(layout) : [];
      const aside = putBackInPlace(layout, name);
      const store = openProject(dir);
      try {
        if (damaged) {
          const { done, lost } = replayEdits(store.history, edits);
          store.meta.set('restored', { from: name, at: new Date().toISOString(), done, lost, aside });
        }
        setEditsAside(layout, aside);
        await store.backups.make('asked');
      } catch (error) {
        store.close();
        throw error;
      }
      return use(store);
    },
  };
}
