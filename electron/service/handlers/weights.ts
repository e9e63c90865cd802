/** Calls about weights that others published: where they are, and the job that fetches them when a person asks for it. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { Handlers } from '#core/contract/invoke';
import type { PublishedWeights } from '#core/model/weights/published';
import type { FetchRequestRecord, TrainRequestRecord } from '#service/jobs/runners';
import type { ServiceContext } from './context.ts';

const sizeOf = (folder: string): number =>
  fs.readdirSync(folder).reduce((sum, name) => sum + fs.statSync(path.join(folder, name)).size, 0);

/** Handlers of `weights.*`. Fetched encoders lie beside the settings, for every project. */
export function weightsHandlers(
  context: ServiceContext,
  published: readonly PublishedWeights[],
): Pick<Handlers, 'weights.list' | 'weights.fetch' | 'weights.delete'> {
  const folderOf = ({ url }: PublishedWeights): string =>
    path.join(context.dataDir, 'encoders', path.posix.basename(url).replace(/\.pth(\.tar)?$/, ''));
  // The card is written last: with it the encoder is whole.
  const isThere = (entry: PublishedWeights): boolean =>
    fs.existsSync(path.join(folderOf(entry), 'model.json'));
  const named = (name: string): PublishedWeights => {
    const entry = published.find((each) => each.name === name);
    if (entry === undefined) throw new StudioError('wrong-usage', `No weights are published as "${name}".`);
    return entry;
  };
  return {
    'weights.list': () =>
      published.map((entry) => {
        const folder = isThere(entry) ? folderOf(entry) : null;
        return { ...entry, folder, bytes: folder === null ? null : sizeOf(folder) };
      }),
    'weights.delete': ({ name }) => {
      const entry = named(name);
      const folder = folderOf(entry);
      const user = context
        .current()
        ?.store.jobs.list()
        .find(
          (job) =>
            ['queued', 'running', 'paused', 'interrupted'].includes(job.state) &&
            (job.request as Partial<TrainRequestRecord> | null)?.config?.encoder === folder,
        );
      if (user !== undefined) {
        throw new StudioError(
          'conflict',
          `"${user.title}" starts from these weights. Delete them when that has ended, or cancel that first.`,
          { job: user.id },
        );
      }
      // Without its card it is no encoder any more, should the rest be interrupted.
      fs.rmSync(path.join(folder, 'model.json'), { force: true });
      fs.rmSync(folder, { recursive: true, force: true });
      context.publish('models.changed', {});
      return null;
    },
    'weights.fetch': ({ name }) => {
      const entry = named(name);
      const folder = folderOf(entry);
      if (isThere(entry)) {
        throw new StudioError('conflict', `${name} is on this machine already, in ${folder}.`, {
          path: folder,
        });
      }
      const { store, jobs } = context.project();
      const running = store.jobs
        .list()
        .find(
          (job) =>
            job.kind === 'fetch-weights' &&
            ['queued', 'running', 'paused'].includes(job.state) &&
            (job.request as FetchRequestRecord).entry.name === name,
        );
      if (running !== undefined) throw new StudioError('conflict', `${name} is being fetched already.`);
      // What a kill left behind has no card.
      fs.rmSync(folder, { recursive: true, force: true });
      const request: FetchRequestRecord = { entry, folder };
      return jobs.add({
        id: randomUUID(),
        kind: 'fetch-weights',
        title: `Fetch the weights ${name}`,
        priority: 20,
        request,
        folder: null,
      });
    },
  };
}
