/**
 * What each kind of job does: trainings and predictions in a worker process, the rest inside the service.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { randomUUID } from 'node:crypto';
import { StudioError, toErrorInfo } from '#core/contract/errors';
import type { Publish } from '#core/contract/events';
import type { JobKind, JobState, ModelInfo } from '#core/contract/info';
import type { EngineName } from '#core/compute/engine';
import type { PublishedWeights } from '#core/model/weights/published';
import type { TrainConfig } from '#core/train/config';
import type { JobProgress, PredictJob, PredictResult, TrainJob, WorkRates } from '#core/train/job';
import { learnedRates } from '#core/train/work';
import type { JobRecord, NewJob } from '#service/store/jobs';
import { curveFolder } from '#service/store/layout';
import { labelIdsOf } from '#service/store/modelLabels';
import { secondsToPts } from '#service/store/seconds';
import type { Store } from '#service/store/store';
import { knownRates, ratesKey, type RateKeeper } from './calibration.ts';
import type { JobRunner } from './manager.ts';
import { workOf } from './preflight.ts';
import { remedyFor } from './remedy.ts';
import { jobVideo, loadSnapshot, saveSnapshot } from './snapshot.ts';
import { startWorker, type JobNews, type RunningJob } from './workerProcess.ts';

/** What the queue keeps of a training; the rest is in its folder's `job.json`. */
export interface TrainRequestRecord {
  readonly config: TrainConfig;
  readonly name: string;
  readonly parentModelId: string | null;
  readonly snapshot: ModelInfo['snapshot'];
}

/** What the queue keeps of a prediction. */
export interface PredictRequestRecord {
  readonly modelId: string;
  readonly videoIds: readonly string[];
  readonly engine: EngineName | 'auto';
}

/** Work inside the service: told how far it is, and when to stop. */
export type LightWork = (
  request: unknown,
  progress: (progress: JobProgress) => void,
  signal: AbortSignal,
) => Promise<void>;

/** What runners need from the service. */
export interface RunnerContext {
  readonly store: Store;
  readonly publish: Publish;
  readonly preferences: RateKeeper;
  /** Told before a worker starts: the machine is wanted. */
  readonly beforeWork?: () => void;
  readonly workerFile: string;
  readonly cancelDeadlineMs: number;
  readonly light: Readonly<Partial<Record<JobKind, LightWork>>>;
}

/** Ending of the worker's checkpoints, which a finished training no longer needs. */
const CHECKPOINT = '.checkpoint';
/** States from which a job may still make its models. */
const UNFINISHED: ReadonlySet<JobState> = new Set(['queued', 'running', 'paused', 'interrupted']);
const MODEL_FILES = ['model.json', 'weights.safetensors'];

/** @throws StudioError `damaged` when a model that a worker reported is not whole */
function checkModel(folder: string): void {
  for (const name of MODEL_FILES) {
    const file = path.join(folder, name);
    if (!fs.existsSync(file) || fs.statSync(file).size === 0) {
      throw new StudioError(
        'damaged',
        `The training ended without a whole model: ${file} is missing. Try again.`,
        {
          path: file,
        },
      );
    }
  }
}

/** Puts what a model found into the database; labels that were deleted since its training have nowhere to go. */
function keepPredictions(store: Store, modelId: string, found: PredictResult['predictions']): void {
  const labelIds = labelIdsOf(store, modelId);
  for (const [videoId, segments] of Object.entries(found)) {
    const video = store.document.video(videoId);
    if (video === undefined) continue;
    const clip = (pts: number): number => Math.min(video.endPts, Math.max(video.startPts, pts));
    store.predictions.replace(
      videoId,
      modelId,
      segments.flatMap((segment) => {
        const labelId = labelIds.get(segment.label);
        if (labelId === undefined) return [];
        const startPts = clip(secondsToPts(segment.startSec, video));
        const endPts = clip(secondsToPts(segment.endSec, video));
        return startPts < endPts ? [{ labelId, startPts, endPts, score: segment.score }] : [];
      }),
    );
  }
}

function trainRunner(context: RunnerContext): JobRunner {
  const { store } = context;
  const folderOf = (job: JobRecord): string => path.resolve(store.layout.dir, job.folder ?? '');
  const requestOf = (job: JobRecord): TrainRequestRecord => job.request as TrainRequestRecord;
  /** Trainings that went on from a checkpoint: their stages tell nothing about the machine's speed. */
  const resumed = new Set<string>();
  const learn = (job: JobRecord): void => {
    const { config } = requestOf(job);
    const [model] = store.models.list().filter((each) => each.jobId === job.id);
    if (model === undefined || job.engine === null || resumed.has(job.id)) return;
    const known = knownRates(store, context.preferences, job.engine)(config);
    if (known === null) return;
    const used = loadSnapshot(store, folderOf(job), false).videos.flatMap(
      (video) => store.videos.get(video.id) ?? [],
    );
    const learned = learnedRates(known, workOf(config, used), model.stages);
    try {
      context.preferences.keepRates(ratesKey(store, config, job.engine), learned);
    } catch (error) {
      process.emitWarning(`The machine's speed could not be kept: ${String(error)}`);
    }
  };
  return {
    weight: 'heavy',
    start: (job, resume, onNews) => {
      if (resume) resumed.add(job.id);
      context.beforeWork?.();
      return startWorker(loadSnapshot(store, folderOf(job), resume), {
        file: context.workerFile,
        cancelDeadlineMs: context.cancelDeadlineMs,
        onNews,
      });
    },
    finish: (job, { result }) => {
      if (result?.kind !== 'train')
        throw new StudioError('internal', 'The worker answered a training with something else.');
      const request = requestOf(job);
      const labels = loadSnapshot(store, folderOf(job), false).labels;
      for (const trained of result.models) {
        checkModel(trained.folder);
        const model = store.models.add({
          name:
            result.models.length > 1 && trained.variant === 'frozen'
              ? `${request.name} (frozen encoder)`
              : request.name,
          variant: trained.variant,
          parentId: request.parentModelId,
          jobId: job.id,
          labels,
          config: request.config,
          bytes: trained.bytes,
          validation:
            trained.validation === null
              ? null
              : { ...trained.validation, kept: trained.variant === result.kept },
          stages: result.stages,
          folder: trained.folder,
          engine: result.engine,
          snapshot: request.snapshot,
        });
        keepPredictions(store, model.id, trained.predictions);
        if (trained.variant === result.kept) store.models.use(model.id);
      }
      return { engine: result.engine };
    },
    remedy: (job, error) => remedyFor(error, requestOf(job).config),
    after: (job) => {
      if (job.state === 'done') {
        learn(job);
        for (const name of fs.readdirSync(folderOf(job))) {
          if (name.endsWith(CHECKPOINT)) fs.rmSync(path.join(folderOf(job), name), { force: true });
        }
        context.publish('models.changed', {});
        context.publish('predictions.changed', { videoIds: null });
      }
    },
    again: (job) => {
      const request: TrainRequestRecord = {
        ...requestOf(job),
        config: job.remedy?.config ?? requestOf(job).config,
      };
      const id = randomUUID();
      const folder = path.join('models', id);
      const old = loadSnapshot(store, folderOf(job), false);
      const output = path.join(store.layout.dir, folder);
      saveSnapshot(output, { ...old, jobId: id, config: request.config });
      return { id, kind: 'train', title: job.title, priority: job.priority, request, folder };
    },
  };
}

function predictRunner(context: RunnerContext): JobRunner {
  const { store } = context;
  const requestOf = (job: JobRecord): PredictRequestRecord => job.request as PredictRequestRecord;
  return {
    weight: 'heavy',
    start: (job, _resume, onNews) => {
      const request = requestOf(job);
      const predictJob: PredictJob = {
        kind: 'predict',
        jobId: job.id,
        model: store.models.folderOf(request.modelId),
        videos: request.videoIds.flatMap((id) => {
          const video = store.videos.get(id);
          return video === undefined ? [] : [jobVideo(store, video)];
        }),
        folders: { cache: store.layout.cache, output: path.join(store.layout.cache, `predict-${job.id}`) },
        curves: curveFolder(store.layout, request.modelId),
        engine: request.engine,
      };
      context.beforeWork?.();
      return startWorker(predictJob, {
        file: context.workerFile,
        cancelDeadlineMs: context.cancelDeadlineMs,
        onNews,
      });
    },
    finish: (job, { result }) => {
      if (result?.kind !== 'predict')
        throw new StudioError('internal', 'The worker answered a prediction with something else.');
      const { modelId } = requestOf(job);
      keepPredictions(store, modelId, result.predictions);
      return { engine: result.engine };
    },
    remedy: () => null,
    after: (job) => {
      fs.rmSync(path.join(store.layout.cache, `predict-${job.id}`), { recursive: true, force: true });
      if (job.state === 'done') {
        context.publish('predictions.changed', { videoIds: requestOf(job).videoIds });
        context.publish('models.changed', {});
      }
    },
  };
}

function lightRunner(context: RunnerContext, kind: JobKind): JobRunner {
  return {
    weight: 'light',
    start: (job, _resume, onNews): RunningJob => {
      const work = context.light[kind];
      if (work === undefined) throw new StudioError('internal', `There are no jobs of the kind ${kind}.`);
      const controller = new AbortController();
      const tell = (progress: JobProgress): void => onNews({ type: 'progress', progress } satisfies JobNews);
      return {
        pid: null,
        outcome: work(job.request, tell, controller.signal).then(
          () => ({ type: 'done' as const, result: null }),
          (error: unknown) =>
            controller.signal.aborted
              ? { type: 'cancelled' as const }
              : { type: 'failed' as const, error: toErrorInfo(error) },
        ),
        pause: () => undefined,
        resume: () => undefined,
        cancel: () => controller.abort(new StudioError('cancelled', 'Cancelled.')),
      };
    },
    finish: () => ({}),
    remedy: () => null,
  };
}

/** What the queue keeps of weights that are fetched. */
export interface FetchRequestRecord {
  readonly entry: PublishedWeights;
  readonly folder: string;
}

function fetchRunner(context: RunnerContext): JobRunner {
  return {
    weight: 'light',
    start: (job, _resume, onNews) => {
      const { entry, folder } = job.request as FetchRequestRecord;
      return startWorker(
        { kind: 'fetch', jobId: job.id, entry, folder },
        { file: context.workerFile, cancelDeadlineMs: context.cancelDeadlineMs, onNews },
      );
    },
    finish: (_job, { result }) => {
      if (result?.kind !== 'fetch')
        throw new StudioError('internal', 'The worker answered a fetch with something else.');
      return {};
    },
    remedy: () => null,
    after: (job) => {
      if (job.state === 'done') context.publish('models.changed', {});
    },
  };
}

/** Runners by kind. */
export function createRunners(context: RunnerContext): Readonly<Record<JobKind, JobRunner>> {
  return {
    train: trainRunner(context),
    predict: predictRunner(context),
    import: lightRunner(context, 'import'),
    proxy: lightRunner(context, 'proxy'),
    'engine-install': lightRunner(context, 'engine-install'),
    'fetch-weights': fetchRunner(context),
  };
}

/** Freezes a training: its folder with the snapshot, and the row for the queue. */
export function prepareTraining(
  store: Store,
  config: TrainConfig,
  parentModelId: string | null,
  engine: EngineName | 'auto',
  videoIds: readonly string[],
  rates: WorkRates | null = null,
): NewJob {
  const id = randomUUID();
  const folder = path.join('models', id);
  const output = path.join(store.layout.dir, folder);
  const labels = store.document
    .labels()
    .filter((label) => !label.ignore)
    .map((label) => label.name);
  const modelIds = store.models.list().map((model) => model.id);
  const videos = videoIds.map((videoId) => jobVideo(store, store.videos.require(videoId), modelIds));
  const used = labels.filter((name) =>
    videos.some(
      (video) => video.subset === 'training' && video.segments.some((segment) => segment.label === name),
    ),
  );
  const job: TrainJob = {
    kind: 'train',
    jobId: id,
    config,
    labels: used,
    videos: videos.map((video) => ({
      ...video,
      segments: video.segments.filter((segment) => used.includes(segment.label)),
    })),
    folders: { cache: store.layout.cache, output },
    engine,
    resume: false,
    ...(rates === null ? {} : { rates }),
  };
  saveSnapshot(output, job);
  // Above every model that is there and every one that a training in the queue will make.
  const names = [
    ...store.models.list().map((model) => model.name),
    ...store.jobs
      .list()
      .filter((job) => UNFINISHED.has(job.state))
      .flatMap((job) => /^Train (Model \d+)$/.exec(job.title)?.[1] ?? []),
  ];
  const number = 1 + Math.max(0, ...names.map((name) => Number(/^Model (\d+)/.exec(name)?.[1] ?? 0)));
  const request: TrainRequestRecord = {
    config,
    name: `Model ${number}`,
    parentModelId,
    snapshot: {
      labelIds: used.flatMap((name) => store.document.labelByName(name)?.id ?? []),
      videos: videos.length,
      segments: job.videos.reduce((sum, video) => sum + video.segments.length, 0),
      revision: store.history.revision(),
    },
  };
  return { id, kind: 'train', title: `Train ${request.name}`, priority: 0, request, folder };
}

/** The row for a prediction. It passes a training that runs. */
export function preparePrediction(
  store: Store,
  model: ModelInfo,
  videoIds: readonly string[],
  engine: EngineName | 'auto',
): NewJob {
  const request: PredictRequestRecord = { modelId: model.id, videoIds, engine };
  const [only] = videoIds;
  const what =
    videoIds.length === 1 && only !== undefined
      ? store.videos.require(only).name
      : `${videoIds.length} videos`;
  return {
    id: randomUUID(),
    kind: 'predict',
    title: `Predict ${what} with ${model.name}`,
    priority: 10,
    request,
    folder: null,
  };
}
