/**
 * Calls about work and its results: training, prediction, the queue, models.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { EngineName } from '#core/compute/engine';
import type { EngineInfo, PreflightInfo } from '#core/contract/info';
import type { Handlers, TrainRequest } from '#core/contract/invoke';
import type { WorkRates } from '#core/train/job';
import { knownRates } from '#service/jobs/calibration';
import { preflight, trainingVideos } from '#service/jobs/preflight';
import {
  preparePrediction,
  prepareTraining,
  type PredictRequestRecord,
  type TrainRequestRecord,
} from '#service/jobs/runners';
import { keepWords, readWords } from '#service/jobs/words';
import type { JobRecord } from '#service/store/jobs';
import { curveFolder } from '#service/store/layout';
import type { ServiceContext } from './context.ts';

/** Whether a job reads a model: it predicts with it, or trains on from it. */
function usesModel(job: JobRecord, modelId: string, folder: string): boolean {
  const request = job.request as Partial<TrainRequestRecord & PredictRequestRecord> | null;
  return request?.modelId === modelId || request?.config?.encoder === folder;
}

/** Handlers of `train.*`, `predict.*`, `jobs.*` and `models.*`. */
export function workHandlers(
  context: ServiceContext,
  listEngines: () => Promise<readonly EngineInfo[]>,
): Pick<
  Handlers,
  | 'train.preflight'
  | 'train.start'
  | 'predict.start'
  | 'jobs.list'
  | 'jobs.words'
  | 'jobs.cancel'
  | 'jobs.pause'
  | 'jobs.resume'
  | 'jobs.retry'
  | 'jobs.setPriority'
  | 'models.list'
  | 'models.use'
  | 'models.rename'
  | 'models.delete'
  | 'models.export'
> {
  const check = async (
    request: TrainRequest,
  ): Promise<{
    readonly info: PreflightInfo;
    readonly rates: WorkRates | null;
    readonly engine: EngineName;
  }> => {
    const { store } = context.project();
    const encoder = request.parentModelId === null ? null : store.models.folderOf(request.parentModelId);
    const engines = await listEngines();
    const name =
      (engines.find((each) => each.chosen) ?? engines.find((each) => each.available))?.name ?? 'onnx';
    const known = knownRates(store, context.preferences, name);
    const info = preflight(store, request, encoder, engines, known);
    return { info, rates: known(info.config), engine: name };
  };
  /** Looks at a training, and has the machine measured for it where that was not done yet. */
  const look = async (request: TrainRequest): Promise<PreflightInfo> => {
    const { info, engine } = await check(request);
    const { store } = context.project();
    if (info.blockers.length > 0) return info;
    let measuring = false;
    void context.calibrator
      .measure(store, info.config, engine, () => (measuring = true))
      .then(() => {
        if (measuring) context.publish('train.calibrated', {});
      });
    const problem = context.calibrator.problem(store, info.config, engine);
    return {
      ...info,
      estimate: { ...info.estimate, measuring },
      warnings:
        problem === null
          ? info.warnings
          : [...info.warnings, `A trial step on this machine failed: ${problem}`],
    };
  };
  return {
    'train.preflight': look,
    'train.start': async (request) => {
      const store = context.writable();
      const {
        info: { blockers, config, choices },
        rates,
      } = await check(request);
      const [blocker] = blockers;
      if (blocker !== undefined) throw new StudioError('conflict', blocker, { blockers });
      const { jobs } = context.project();
      const job = prepareTraining(
        store,
        config,
        request.parentModelId,
        context.preferences.settings().engine,
        trainingVideos(store).map((video) => video.id),
        rates,
      );
      keepWords(
        path.join(store.layout.dir, job.folder ?? ''),
        choices.map((text) => ({ level: 'info', text })),
      );
      return jobs.add(job);
    },
    'predict.start': ({ modelId, videoIds }) => {
      const store = context.writable();
      const model = modelId === null ? store.models.current() : store.models.require(modelId);
      if (model === undefined) {
        throw new StudioError('conflict', 'There is no model yet. Train one first.');
      }
      const videos = videoIds ?? store.videos.all().map((video) => video.id);
      for (const id of videos) store.videos.require(id);
      if (videos.length === 0)
        throw new StudioError('conflict', 'There are no videos to predict on. Add some.');
      return context
        .project()
        .jobs.add(preparePrediction(store, model, videos, context.preferences.settings().engine));
    },
    'jobs.words': ({ id }) => {
      const { store } = context.project();
      const { folder } = store.jobs.require(id);
      return folder === null ? [] : readWords(path.join(store.layout.dir, folder));
    },
    'jobs.list': () => context.project().jobs.list(),
    'jobs.cancel': ({ id }) => context.project().jobs.cancel(id),
    'jobs.pause': ({ id }) => context.project().jobs.pause(id),
    'jobs.resume': ({ id }) => context.project().jobs.resume(id),
    'jobs.retry': ({ id, useRemedy }) => context.project().jobs.retry(id, useRemedy),
    'jobs.setPriority': ({ id, priority }) => context.project().jobs.setPriority(id, priority),
    'models.list': () => context.project().store.models.list(),
    'models.use': ({ id }) => {
      const model = context.writable().models.use(id);
      context.publish('models.changed', {});
      context.publish('predictions.changed', { videoIds: null });
      return model;
    },
    'models.rename': ({ id, name }) => {
      const model = context.writable().models.rename(id, name);
      context.publish('models.changed', {});
      return model;
    },
    'models.delete': ({ id }) => {
      const store = context.writable();
      const folder = store.models.folderOf(id);
      const user = store.jobs
        .list()
        .find((job) => ['queued', 'running', 'paused'].includes(job.state) && usesModel(job, id, folder));
      if (user !== undefined) {
        throw new StudioError(
          'conflict',
          `"${user.title}" needs this model. Delete it when that has ended, or cancel that first.`,
          { job: user.id },
        );
      }
      store.transaction(() => {
        store.predictions.removeUnreviewed(id);
        store.models.remove(id);
      });
      fs.rmSync(folder, { recursive: true, force: true });
      fs.rmSync(curveFolder(store.layout, id), { recursive: true, force: true });
      context.publish('models.changed', {});
      context.publish('predictions.changed', { videoIds: null });
      return null;
    },
    'models.export': async ({ id, path: target }) => {
      const folder = context.project().store.models.folderOf(id);
      const out = path.resolve(target);
      if (fs.existsSync(out)) {
        throw new StudioError('conflict', `${out} exists already. Choose another name.`, { path: out });
      }
      const temporary = `${out}.part`;
      await fs.promises.rm(temporary, { recursive: true, force: true });
      await fs.promises.cp(folder, temporary, { recursive: true });
      await fs.promises.rename(temporary, out);
      return null;
    },
  };
}
