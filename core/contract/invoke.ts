/**
 * Every call that a window can make: argument validators here, results in `InvokeResults`.
 *
 * This is the only list. `window.studio`, the service's handlers (`satisfies Handlers`) and the browser shell are built from it.
 */
import * as v from 'valibot';
import { editSchema } from './edit.ts';
import type {
  AppInfo,
  ComparisonInfo,
  DocumentInfo,
  EditResult,
  HistoryResult,
  EngineInfo,
  EvaluationInfo,
  FormatInfo,
  HistoryEntryInfo,
  ImportReportInfo,
  JobInfo,
  JobWords,
  LabelInfo,
  ModelInfo,
  Page,
  PredictionInfo,
  PreflightInfo,
  PublishedInfo,
  ProjectInfo,
  RecentProjectInfo,
  ScoreCurvesInfo,
  SettingsInfo,
  VideoInfo,
} from './info.ts';
import type { ErrorInfo } from './errors.ts';

const id = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const path = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(4096),
  v.check((text) => !text.includes('\0'), 'a path without NUL'),
);
const none = v.object({});
const page = {
  offset: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0),
  limit: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(10_000)), 200),
};
const subset = v.picklist(['training', 'validation', 'testing']);
const engine = v.picklist(['auto', 'onnx', 'tensorflow', 'webgpu', 'tfjs']);
const score = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** What a person chooses in the Train screen; the planner fills in the rest. `expert` holds overrides of `TrainConfig` by dotted path. */
export const trainRequestSchema = v.object({
  aim: v.optional(v.picklist(['speed', 'balanced', 'accuracy']), 'balanced'),
  timeLimitSec: v.optional(v.nullable(v.pipe(v.number(), v.minValue(1))), null),
  memoryLimitBytes: v.optional(v.nullable(v.pipe(v.number(), v.minValue(1))), null),
  parentModelId: v.optional(v.nullable(id), null),
  expert: v.optional(
    v.record(
      v.pipe(v.string(), v.maxLength(100)),
      v.union([v.string(), v.number(), v.boolean(), v.null(), v.array(v.string())]),
    ),
    {},
  ),
});
export type TrainRequest = v.InferOutput<typeof trainRequestSchema>;

/** Argument validators by call name. */
export const invokeSchemas = {
  'app.info': none,
  'settings.get': none,
  'settings.set': v.object({
    language: v.optional(v.picklist(['system', 'en', 'zh-CN'])),
    theme: v.optional(v.picklist(['system', 'dark', 'light', 'high-contrast'])),
    keyProfile: v.optional(v.picklist(['nle', 'boris', 'elan', 'via'])),
    keys: v.optional(v.record(v.pipe(v.string(), v.maxLength(100)), v.pipe(v.string(), v.maxLength(50)))),
    annotator: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(100))),
    engine: v.optional(engine),
    reactionTimeMs: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2000))),
    snap: v.optional(v.boolean()),
    stepSeconds: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(600))),
    autoProxy: v.optional(v.boolean()),
    proxyGigabytes: v.optional(v.pipe(v.number(), v.minValue(1), v.maxValue(100_000))),
  }),

  'project.create': v.object({ dir: path, name: v.optional(v.pipe(v.string(), v.maxLength(200))) }),
  'project.open': v.object({ dir: path }),
  'project.openSample': none,
  'project.close': none,
  'project.current': none,
  'project.recent': none,
  'project.backups': none,
  'project.restoreBackup': v.object({ name: v.pipe(v.string(), v.maxLength(200)) }),

  'videos.list': v.object({
    ...page,
    search: v.optional(v.pipe(v.string(), v.maxLength(200)), ''),
    sort: v.optional(v.picklist(['name', 'added', 'duration', 'segments', 'predictions', 'covered']), 'name'),
    descending: v.optional(v.boolean(), false),
    subset: v.optional(v.nullable(subset), null),
    filter: v.optional(v.picklist(['all', 'unlabelled', 'to-review', 'problems']), 'all'),
  }),
  'videos.get': v.object({ id }),
  'videos.add': v.object({ paths: v.pipe(v.array(path), v.minLength(1), v.maxLength(20_000)) }),
  'videos.remove': v.object({ ids: v.pipe(v.array(id), v.minLength(1)) }),
  'videos.relink': v.object({ id, path }),
  'videos.makeProxy': v.object({ id }),

  'labels.list': none,
  /** What deleting a label would take along. */
  'labels.usage': v.object({ id }),
  'document.get': v.object({ videoId: id }),
  'document.edit': v.object({ edit: editSchema }),
  'document.search': v.object({ ...page, text: v.pipe(v.string(), v.maxLength(200)) }),
  'history.list': v.object({ ...page, videoId: v.optional(v.nullable(id), null) }),
  'history.undo': none,
  'history.redo': none,
  /** Builds the document as it was at that time, as a new undoable step. */
  'history.restore': v.object({ at: v.pipe(v.string(), v.maxLength(40)) }),

  'predictions.list': v.object({
    videoId: id,
    modelId: v.optional(v.nullable(id), null),
    minScore: v.optional(score, 0),
  }),
  /** Score curves of a video, of one model or of every model that left some; newest model first. */
  'predictions.curves': v.object({ videoId: id, modelId: v.optional(v.nullable(id), null) }),
  'review.queue': v.object({
    ...page,
    modelId: v.optional(v.nullable(id), null),
    labelId: v.optional(v.nullable(id), null),
    minScore: v.optional(score, 0),
    order: v.optional(v.picklist(['uncertain', 'score', 'time']), 'uncertain'),
    /** Leave out videos that somebody labelled from end to end: what is found there is for figures, not for labels. */
    newOnly: v.optional(v.boolean(), false),
  }),
  'review.counts': none,

  'train.preflight': trainRequestSchema,
  'train.start': trainRequestSchema,
  'predict.start': v.object({
    modelId: v.optional(v.nullable(id), null),
    videoIds: v.optional(v.nullable(v.array(id)), null),
  }),
  'jobs.list': none,
  /** What a training has said in words, oldest first. */
  'jobs.words': v.object({ id }),
  'jobs.cancel': v.object({ id }),
  'jobs.pause': v.object({ id }),
  'jobs.resume': v.object({ id }),
  'jobs.retry': v.object({ id, useRemedy: v.optional(v.boolean(), false) }),
  'jobs.setPriority': v.object({ id, priority: v.pipe(v.number(), v.safeInteger()) }),

  /** Weights that others published: where, how large, and whether they are here. Nothing is fetched. */
  'weights.list': none,
  /** Fetches one of them, by name: the only call that uses the network. */
  'weights.fetch': v.object({ name: v.pipe(v.string(), v.maxLength(100)) }),
  /** Deletes what was fetched; it can be fetched again, and models trained from it keep their own weights. */
  'weights.delete': v.object({ name: v.pipe(v.string(), v.maxLength(100)) }),
  'models.list': none,
  'models.use': v.object({ id }),
  'models.rename': v.object({ id, name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200)) }),
  'models.delete': v.object({ id }),
  'models.export': v.object({ id, path }),
  'evaluate.run': v.object({
    modelId: id,
    subset: v.optional(subset, 'validation'),
    tious: v.optional(v.nullable(v.array(score)), null),
  }),
  /** Whether one model is better than another, and how sure that is. */
  'evaluate.compare': v.object({ modelId: id, otherId: id, subset: v.optional(subset, 'validation') }),

  'formats.list': none,
  'formats.import': v.object({
    path,
    format: v.pipe(v.string(), v.maxLength(40)),
    dryRun: v.boolean(),
    policy: v.picklist(['stop', 'repair', 'skip']),
  }),
  'formats.export': v.object({
    path,
    format: v.pipe(v.string(), v.maxLength(40)),
    content: v.optional(v.picklist(['labels', 'predictions']), 'labels'),
    modelId: v.optional(v.nullable(id), null),
  }),

  'engines.list': none,
  'engines.test': v.object({ name: v.picklist(['onnx', 'tensorflow', 'webgpu', 'tfjs']) }),
  'engines.install': v.object({ name: v.picklist(['tensorflow']), gpu: v.optional(v.boolean(), false) }),
  /** Files and folders below a directory, for the browser shell's own open dialog. */
  'files.browse': v.object({
    dir: v.optional(v.nullable(path), null),
    kind: v.picklist(['video', 'project', 'annotation', 'any']),
  }),
} as const;

/** Name of a call. */
export type InvokeName = keyof typeof invokeSchemas;

/** Arguments as a caller writes them (defaults may be left out). */
export type InvokeInput<K extends InvokeName> = v.InferInput<(typeof invokeSchemas)[K]>;
/** Arguments as a handler gets them (defaults filled in). */
export type InvokeArgs<K extends InvokeName> = v.InferOutput<(typeof invokeSchemas)[K]>;

/** Results by call name. */
export interface InvokeResults {
  'app.info': AppInfo;
  'settings.get': SettingsInfo;
  'settings.set': SettingsInfo;
  'project.create': ProjectInfo;
  'project.open': ProjectInfo;
  'project.openSample': ProjectInfo;
  'project.close': null;
  'project.current': ProjectInfo | null;
  'project.recent': readonly RecentProjectInfo[];
  'project.backups': readonly { readonly name: string; readonly at: string; readonly bytes: number }[];
  'project.restoreBackup': ProjectInfo;
  'videos.list': Page<VideoInfo>;
  'videos.get': VideoInfo;
  'videos.add': {
    readonly added: readonly VideoInfo[];
    readonly failed: readonly { readonly path: string; readonly error: ErrorInfo }[];
  };
  'videos.remove': null;
  'videos.relink': VideoInfo;
  'videos.makeProxy': JobInfo;
  'labels.list': readonly LabelInfo[];
  'labels.usage': { readonly segments: number; readonly predictions: number };
  'document.get': DocumentInfo;
  'document.edit': EditResult;
  'document.search': Page<import('./info.ts').SegmentInfo>;
  'history.list': Page<HistoryEntryInfo>;
  'history.undo': HistoryResult;
  'history.redo': HistoryResult;
  'history.restore': EditResult;
  'predictions.list': readonly PredictionInfo[];
  'predictions.curves': readonly ScoreCurvesInfo[];
  'review.queue': Page<PredictionInfo>;
  'review.counts': {
    readonly predicted: number;
    readonly accepted: number;
    readonly rejected: number;
    readonly adjusted: number;
  };
  'train.preflight': PreflightInfo;
  'train.start': JobInfo;
  'predict.start': JobInfo;
  'jobs.list': readonly JobInfo[];
  'jobs.words': readonly JobWords[];
  'jobs.cancel': JobInfo;
  'jobs.pause': JobInfo;
  'jobs.resume': JobInfo;
  'jobs.retry': JobInfo;
  'jobs.setPriority': JobInfo;
  'weights.list': readonly PublishedInfo[];
  'weights.fetch': JobInfo;
  'weights.delete': null;
  'models.list': readonly ModelInfo[];
  'models.use': ModelInfo;
  'models.rename': ModelInfo;
  'models.delete': null;
  'models.export': null;
  'evaluate.run': EvaluationInfo;
  'evaluate.compare': ComparisonInfo;
  'formats.list': readonly FormatInfo[];
  'formats.import': ImportReportInfo;
  'formats.export': null;
  'engines.list': readonly EngineInfo[];
  'engines.test': EngineInfo;
  'engines.install': JobInfo;
  'files.browse': {
    readonly dir: string;
    readonly parent: string | null;
    readonly entries: readonly {
      readonly name: string;
      readonly path: string;
      readonly isFolder: boolean;
      readonly bytes: number;
    }[];
  };
}

type Exactly<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** Fails to compile when a call has a validator but no result, or the reverse. */
export const everyCallHasAResult: Exactly<InvokeName, keyof InvokeResults> = true;

/** Every call's name, in order: what the preload loops over. */
export const INVOKE_NAMES = Object.keys(invokeSchemas) as InvokeName[];

/** A service's handlers: one for each call, no more, no less. */
export type Handlers = {
  readonly [K in InvokeName]: (args: InvokeArgs<K>) => Promise<InvokeResults[K]> | InvokeResults[K];
};

/** What a window calls. */
export type Invoke = <K extends InvokeName>(name: K, args: InvokeInput<K>) => Promise<InvokeResults[K]>;
