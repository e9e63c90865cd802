/**
 * `project create DIR`, `project add DIR VIDEO…`, `project info DIR`: a project without a window.
 */
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import type { ErrorInfo } from '#core/contract/errors';
import { fromErrorInfo, toErrorInfo } from '#core/contract/errors';
import type { VideoInfo } from '#core/contract/info';
import { expandFolders, readVideo } from '#service/handlers/ingest';
import { createMedia } from '#service/media/service';
import { createProject, openProject, type Store } from '#service/store/store';
import type { CliContext } from '#cli/context';

const SUBSETS = ['training', 'validation', 'testing'] as const;

function subsetOf(text: string): VideoInfo['subset'] {
  const subset = SUBSETS.find((each) => each === text);
  if (subset === undefined) {
    throw new StudioError('wrong-usage', `There is no subset "${text}". Subsets: ${SUBSETS.join(', ')}.`);
  }
  return subset;
}

/** Adds files and folders; what is there already is told and skipped. */
export async function addVideos(
  store: Store,
  paths: readonly string[],
  subset: VideoInfo['subset'],
  context: Pick<CliContext, 'progress' | 'signal'>,
): Promise<{ added: VideoInfo[]; failed: { path: string; error: ErrorInfo }[] }> {
  store.mustWrite();
  const added: VideoInfo[] = [];
  const failed: { path: string; error: ErrorInfo }[] = [];
  const files = expandFolders(paths);
  const media = createMedia({ cacheFolder: store.layout.cache });
  try {
    for (const [index, file] of files.entries()) {
      context.signal.throwIfAborted();
      context.progress(`${index + 1}/${files.length} ${file}`);
      try {
        added.push(...store.videos.add([{ ...(await readVideo(file, media, context.signal)), subset }]));
      } catch (error) {
        if (context.signal.aborted) throw error;
        failed.push({ path: file, error: toErrorInfo(error) });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    media.dispose();
  }
  return { added, failed };
}

/** Adds the commands. */
export function register(program: Command, context: CliContext): void {
  const project = program
    .command('project')
    .description('a project is a folder: one SQLite file, caches, models');
  const info = (dir: string, action: (store: Store) => unknown): void => {
    const store = openProject(dir, { readOnly: true });
    try {
      context.out(action(store));
    } finally {
      store.close();
    }
  };
  project
    .command('create')
    .description('makes a project in a folder')
    .argument('<dir>')
    .option('--name <name>', 'by default the folder’s')
    .option('--json', 'the project as JSON')
    .action((dir: string, options: { name?: string; json?: true }) => {
      const store = createProject(dir, options.name);
      const made = store.info();
      store.close();
      if (options.json === true) context.out(made);
      else context.log(`Project ${made.name} in ${made.dir}.`);
    });
  project
    .command('add')
    .description('adds videos (files or folders); they stay where they are')
    .argument('<dir>')
    .argument('<video...>')
    .option('--subset <name>', SUBSETS.join(', '), 'training')
    .option('--json', 'what was added and what was not, as JSON')
    .action(async (dir: string, videos: string[], options: { subset: string; json?: true }) => {
      const subset = subsetOf(options.subset);
      const store = openProject(dir);
      try {
        const { added, failed } = await addVideos(store, videos, subset, context);
        if (options.json === true) context.out({ added, failed });
        else context.log(`${added.length} of ${added.length + failed.length} videos added.`);
        const last = failed.at(-1);
        for (const { error } of failed.slice(0, -1)) context.log(`Error: ${error.message}`);
        if (last !== undefined) throw fromErrorInfo(last.error);
      } finally {
        store.close();
      }
    });
  project
    .command('info')
    .description('what is in a project')
    .argument('<dir>')
    .option('--json', 'as JSON (it always is)')
    .action((dir: string) => {
      info(dir, (store) => ({
        ...store.info(),
        subsets: Object.fromEntries(
          SUBSETS.map((subset) => [subset, store.videos.list({ subset, limit: 1 }).total]),
        ),
        labels: store.document.labelInfos().map(({ id, name, segmentCount }) => ({ id, name, segmentCount })),
        videos: store.videos.all(),
        models: store.models.list(),
        jobs: store.jobs
          .list()
          .map(({ id, kind, title, state, error }) => ({ id, kind, title, state, error })),
      }));
    });
}
