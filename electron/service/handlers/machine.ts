/**
 * Calls about this machine and about files: compute engines, formats, evaluation, the open dialog of the browser shell, settings.
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { EngineInfo } from '#core/contract/info';
import type { Handlers } from '#core/contract/invoke';
import type { EngineName } from '#core/compute/engine';
import { FORMATS, formatByName } from '#core/formats/registry';
import { isProject } from '#service/store/store';
import { publishEdit, type ServiceContext } from './context.ts';
import { compareModels, evaluateModel } from './evaluation.ts';
import { exportDocument, importFiles } from './exchange.ts';
import { readFormatFiles, writeFormatFiles } from './formatFiles.ts';
import { VIDEO_ENDINGS } from './ingest.ts';

/** What the handlers need of the engines. */
export interface EngineCalls {
  list(): Promise<readonly EngineInfo[]>;
  test(name: EngineName): Promise<EngineInfo>;
}

const ANNOTATION_ENDINGS = new Set(
  '.json .csv .tsv .txt .eaf .boris .gz .xml .opf .vtt .srt .llc .textgrid'.split(' '),
);

function browse(
  dir: string | null,
  kind: 'video' | 'project' | 'annotation' | 'any',
): ReturnType<typeof listFolder> {
  return listFolder(dir === null ? os.homedir() : path.resolve(dir), kind);
}

function listFolder(
  dir: string,
  kind: 'video' | 'project' | 'annotation' | 'any',
): {
  dir: string;
  parent: string | null;
  entries: { name: string; path: string; isFolder: boolean; bytes: number }[];
} {
  let names: fs.Dirent[];
  try {
    names = fs.readdirSync(dir, { withFileTypes: true });
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new StudioError(
      gone ? 'not-found' : 'not-allowed',
      gone ? `There is no folder ${dir}.` : `${dir} cannot be read.`,
      { path: dir },
      { cause: error },
    );
  }
  const entries = names.flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.name.startsWith('.')) return [];
    let stats: fs.Stats;
    try {
      stats = fs.statSync(file);
    } catch {
      return [];
    }
    const isFolder = stats.isDirectory();
    const ending = path.extname(entry.name).toLowerCase();
    const wanted =
      isFolder ||
      kind === 'any' ||
      (kind === 'video' && VIDEO_ENDINGS.has(ending)) ||
      (kind === 'annotation' && ANNOTATION_ENDINGS.has(ending)) ||
      (kind === 'project' && entry.name === 'project.sqlite');
    return wanted && (isFolder || stats.isFile())
      ? [{ name: entry.name, path: file, isFolder, bytes: isFolder ? 0 : stats.size }]
      : [];
  });
  entries.sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name));
  const parent = path.dirname(dir);
  return { dir, parent: parent === dir ? null : parent, entries };
}

/** Handlers of `app.*`, `settings.*`, `engines.*`, `formats.*`, `evaluate.*` and `files.*`. */
export function machineHandlers(
  context: ServiceContext,
  engines: EngineCalls,
): Pick<
  Handlers,
  | 'app.info'
  | 'settings.get'
  | 'settings.set'
  | 'engines.list'
  | 'engines.test'
  | 'engines.install'
  | 'formats.list'
  | 'formats.import'
  | 'formats.export'
  | 'evaluate.run'
  | 'evaluate.compare'
  | 'files.browse'
> {
  return {
    'app.info': () => context.app,
    'settings.get': () => context.preferences.settings(),
    'settings.set': (change) => {
      const settings = context.preferences.change(change);
      context.publish('settings.changed', { settings });
      if (change.engine !== undefined) context.publish('engines.changed', {});
      return settings;
    },
    'engines.list': () => engines.list(),
    'engines.test': async ({ name }) => {
      const info = await engines.test(name);
      context.publish('engines.changed', {});
      return info;
    },
    'engines.install': ({ name, gpu }) =>
      context.project().jobs.add({
        id: randomUUID(),
        kind: 'engine-install',
        title: `Install the engine ${name}${gpu ? ' for NVIDIA graphics' : ''}`,
        priority: 20,
        request: { name, gpu },
        folder: null,
      }),
    'formats.list': () =>
      FORMATS.map(({ name, title, extension }) => ({
        name,
        title,
        canRead: true,
        canWrite: true,
        extensions: [extension.replace(/^\./, '')],
      })),
    'formats.import': ({ path: source, format, dryRun, policy }) => {
      const store = dryRun ? context.project().store : context.writable();
      const { report, result } = importFiles(store, readFormatFiles(source), {
        format,
        policy,
        dryRun,
        annotator: context.preferences.settings().annotator,
        name: source,
      });
      if (result !== null) {
        publishEdit(context, result);
        context.publish('videos.changed', { ids: null });
      }
      return report;
    },
    'formats.export': ({ path: target, format, content, modelId }) => {
      const definition = formatByName(format);
      const document = exportDocument(context.project().store, format, content, modelId);
      writeFormatFiles(target, definition.write(document, {}).files, definition.shape);
      return null;
    },
    'evaluate.run': ({ modelId, subset, tious }) =>
      evaluateModel(context.project().store, modelId, subset, tious),
    'evaluate.compare': ({ modelId, otherId, subset }) =>
      compareModels(context.project().store, modelId, otherId, subset),
    'files.browse': ({ dir, kind }) => {
      const listing = browse(dir, kind);
      if (kind !== 'project') return listing;
      // A project is a folder: those that are one are told by their size being that of the database.
      return {
        ...listing,
        entries: listing.entries.filter((entry) => entry.isFolder || isProject(path.dirname(entry.path))),
      };
    },
  };
}
