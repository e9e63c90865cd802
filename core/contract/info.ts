/**
 * Shapes that cross processes: plain, read-only data without methods.
 *
 * Times are integer PTS in the video's own time base with seconds beside them. Ids are opaque strings.
 */
import type { PublishedWeights } from '#core/model/weights/published';
import type {
  CoveredRange,
  LabelRecord,
  PredictionRecord,
  Rational,
  SegmentRecord,
  Subset,
} from '#core/annotation/document';
import type { DocumentPatch } from '#core/annotation/patch';
import type { EngineName } from '#core/compute/engine';
import type { DetectorName } from '#core/model/detector';
import type { JobMetric, JobPreview, JobProgress, StageFigures } from '#core/train/job';
import type { TrainConfig } from '#core/train/config';
import type { ErrorInfo } from './errors.ts';

export type { Rational, ReviewState, SegmentSource, SegmentState, Subset } from '#core/annotation/document';

export interface AppInfo {
  readonly version: string;
  readonly shell: 'desktop' | 'browser';
  readonly platform: string;
  /** Prefix of media URLs: `media://studio` or `/media/TOKEN`. */
  readonly mediaBase: string;
}

export interface ProjectInfo {
  readonly dir: string;
  readonly name: string;
  readonly schemaVersion: number;
  /** Why it cannot be written; null when it can. */
  readonly readOnlyReason: string | null;
  readonly videoCount: number;
  readonly segmentCount: number;
  readonly labelCount: number;
  readonly modelCount: number;
  readonly revision: number;
}

export interface RecentProjectInfo {
  readonly dir: string;
  readonly name: string;
  readonly openedAt: string;
}

/** Something to know about a file, with a plain explanation. */
export interface BadgeInfo {
  readonly kind:
    | 'vfr'
    | 'duplicates'
    | 'gaps'
    | 'edit-list'
    | 'joined'
    | 'interlaced'
    | 'damaged'
    | 'moved'
    | 'changed'
    | 'unplayable'
    | 'rotated'
    | 'slow-seek';
  readonly text: string;
  readonly fromSec?: number;
  readonly toSec?: number;
}

export interface VideoInfo {
  readonly id: string;
  /** File name without folder. */
  readonly name: string;
  readonly path: string;
  readonly contentHash: string;
  readonly codec: string;
  /** As displayed: rotation applied. */
  readonly width: number;
  readonly height: number;
  readonly durationSec: number;
  readonly frameCount: number;
  readonly timeBase: Rational;
  readonly averageRate: Rational;
  readonly startPts: number;
  readonly hasAudio: boolean;
  /** Whether Chromium plays the file itself; otherwise a proxy or decoded frames are shown. */
  readonly playable: boolean;
  readonly badges: readonly BadgeInfo[];
  readonly subset: Subset;
  readonly segmentCount: number;
  readonly predictionCount: number;
  /** Share of the duration inside covered ranges, 0–1. */
  readonly coveredShare: number;
  readonly addedAt: string;
}

/** A label with how often it is used. */
export interface LabelInfo extends LabelRecord {
  readonly segmentCount: number;
}

/** A segment with its edges in seconds. */
export interface SegmentInfo extends SegmentRecord {
  readonly startSec: number;
  readonly endSec: number;
}

export type CoveredRangeInfo = CoveredRange;

/** A video's annotation. */
export interface DocumentInfo {
  readonly videoId: string;
  readonly revision: number;
  readonly segments: readonly SegmentInfo[];
  readonly covered: readonly CoveredRangeInfo[];
}

/** A prediction with its edges in seconds, and how sure the head is of each. */
export interface PredictionInfo extends PredictionRecord {
  readonly startSec: number;
  readonly endSec: number;
  readonly startDeviationSec: number | null;
  readonly endDeviationSec: number | null;
}

/**
 * A model's scores over a video's time: what the timeline draws behind the predictions.
 *
 * `url` serves little-endian float32 [series.length, count]; sample i of a series stands for [startSec + i · stepSec, + stepSec).
 */
export interface ScoreCurvesInfo {
  readonly videoId: string;
  readonly modelId: string;
  readonly startSec: number;
  readonly stepSec: number;
  readonly count: number;
  /** Rows of the file. `label`: probability of an action of that label; `start`, `end`: of an edge, of any label (G-TAD). Each 0–1. */
  readonly series: readonly {
    readonly kind: 'label' | 'start' | 'end';
    /** Null for edges, and for labels that are gone. */
    readonly labelId: string | null;
    /** The label's name when the model was trained; empty for edges. */
    readonly label: string;
  }[];
  readonly url: string;
}

export interface HistoryEntryInfo {
  readonly id: number;
  readonly at: string;
  readonly annotator: string;
  /** `Move start of jump by −3 frames` as a message key with parameters, put into words by the renderer. */
  readonly text: string;
  readonly videoId: string | null;
  /** False for entries that have been undone. */
  readonly active: boolean;
}

/** What an edit, undo or redo changed. */
export interface EditResult {
  readonly revision: number;
  readonly entry: HistoryEntryInfo | null;
  readonly videoIds: readonly string[];
  readonly labelsChanged: boolean;
}

/** What undo or redo changed, with the change itself: a page that shows the document can follow without reading it again. */
export interface HistoryResult extends EditResult {
  readonly patch: DocumentPatch;
}

export type JobKind = 'train' | 'predict' | 'import' | 'proxy' | 'engine-install' | 'fetch-weights';
export type JobState = 'queued' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled' | 'interrupted';

export interface JobInfo {
  readonly id: string;
  readonly kind: JobKind;
  readonly title: string;
  readonly state: JobState;
  readonly priority: number;
  readonly progress: JobProgress | null;
  readonly metrics: readonly JobMetric[];
  /** What a running training finds on a validation video now; null before its first validation and after its end. */
  readonly preview: JobPreview | null;
  readonly error: ErrorInfo | null;
  /** What to try after a failure, e.g. a smaller fidelity, as a ready configuration. */
  readonly remedy: { readonly text: string; readonly config: TrainConfig } | null;
  readonly engine: string | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly modelIds: readonly string[];
  readonly resumable: boolean;
  /** The one video that it is about: of copies. */
  readonly videoId: string | null;
}

/** A sentence that a job said. */
export interface JobWords {
  readonly level: 'info' | 'warning';
  readonly text: string;
}

/** Weights that others published, and whether they are on this machine. */
export interface PublishedInfo extends PublishedWeights {
  /** The encoder's folder once it was fetched. */
  readonly folder: string | null;
  /** What it takes there; null before. */
  readonly bytes: number | null;
}

/** What a training would use, need and lack. */
export interface PreflightInfo {
  readonly config: TrainConfig;
  readonly videos: Readonly<Record<Subset, number>>;
  readonly segmentsPerLabel: readonly {
    readonly labelId: string;
    readonly name: string;
    readonly count: number;
    readonly used: boolean;
  }[];
  readonly segmentCount: number;
  readonly coveredSec: number;
  readonly estimate: {
    readonly seconds: number | null;
    readonly memoryBytes: number | null;
    readonly diskBytes: number;
    /** A calibration of some seconds is running; `train.calibrated` tells its end. */
    readonly measuring: boolean;
  };
  readonly engine: string | null;
  /** Empty when training can start; else each reason in words. */
  readonly blockers: readonly string[];
  readonly warnings: readonly string[];
  /** What the planner chose and why. */
  readonly choices: readonly string[];
}

/** One model against another on the same videos. */
export interface ComparisonInfo {
  readonly subset: Subset;
  readonly videoCount: number;
  /** Average mAP of the first minus that of the second, 0–1. */
  readonly difference: number;
  /** 95 % interval of the difference, both models on the same draws of videos; null for a single video. */
  readonly interval: readonly [number, number] | null;
}

/** Figures of one model on one subset. */
export interface EvaluationInfo {
  readonly modelId: string;
  readonly subset: Subset;
  readonly videoCount: number;
  readonly segmentCount: number;
  readonly tiou: readonly number[];
  readonly map: Readonly<Record<string, number>>;
  readonly averageMap: number;
  /** 95 % bootstrap interval over videos. */
  readonly averageMapInterval: readonly [number, number] | null;
  /** The same by threshold. */
  readonly mapInterval: Readonly<Record<string, readonly [number, number]>> | null;
  readonly perLabel: readonly {
    readonly label: string;
    readonly ap: Readonly<Record<string, number>>;
    readonly averageAp: number;
  }[];
  readonly precisionRecall: readonly {
    readonly label: string;
    readonly tiou: number;
    /** [score, precision, recall], most confident first. */
    readonly points: readonly (readonly [number, number, number])[];
  }[];
  readonly boundaryOffsets: readonly {
    readonly videoId: string;
    readonly label: string;
    readonly startOffsetSec: number;
    readonly endOffsetSec: number;
    readonly startSec: number;
    readonly endSec: number;
  }[];
  /** What the rest is judged at: .50, or the one threshold that was asked for. */
  readonly errorTiou: number;
  /** DETAD: ten rows of the six shares. */
  readonly falsePositiveProfile: readonly Readonly<
    Record<
      'truePositive' | 'doubleDetection' | 'wrongLabel' | 'localization' | 'confusion' | 'background',
      number
    >
  >[];
  /** The clips behind the bars. */
  readonly errors: readonly {
    readonly kind: string;
    readonly videoId: string;
    readonly label: string;
    readonly startSec: number;
    readonly endSec: number;
    readonly score: number | null;
  }[];
}

export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly variant: 'frozen' | 'lofi';
  readonly parentId: string | null;
  readonly jobId: string | null;
  readonly detector: DetectorName;
  readonly labels: readonly string[];
  readonly config: TrainConfig;
  readonly createdAt: string;
  readonly bytes: number;
  readonly validation: {
    readonly averageMap: number;
    readonly map: Readonly<Record<string, number>>;
    /** Whether its training kept it, of the two that it made; absent in models of before. */
    readonly kept?: boolean;
  } | null;
  readonly stages: readonly StageFigures[];
  readonly current: boolean;
  readonly predictionCount: number;
  /** What it was trained on. */
  readonly snapshot: {
    readonly videos: number;
    readonly segments: number;
    readonly revision: number;
    /** Ids of `labels`, in their order: a label that was renamed since is still the same. */
    readonly labelIds?: readonly string[];
  };
}

/** How far an engine's numbers lie from float64 reference numbers, as shares of each tensor's peak. */
export interface EngineAccuracy {
  /** Tensors that were compared. */
  readonly compared: number;
  readonly worst: { readonly feature: number; readonly gradient: number };
  readonly allowed: { readonly feature: number; readonly gradient: number };
}

export interface EngineInfo {
  readonly name: EngineName;
  readonly title: string;
  readonly available: boolean;
  /** Why it cannot run; null when it can. */
  readonly reason: string | null;
  /** What would make it available. */
  readonly remedy: string | null;
  readonly device: string | null;
  readonly memoryBytes: number | null;
  /** Measured training step of the calibration, in milliseconds. */
  readonly stepMs: number | null;
  readonly selfTest: 'passed' | 'failed' | 'not-run';
  /** What the self-test measured; absent when it was not run to its end. */
  readonly accuracy?: EngineAccuracy;
  /** Whether the program can install it, for the first time or again. */
  readonly installable: boolean;
  readonly chosen: boolean;
}

export interface SettingsInfo {
  readonly language: 'system' | 'en' | 'zh-CN';
  readonly theme: 'system' | 'dark' | 'light' | 'high-contrast';
  readonly keyProfile: 'nle' | 'boris' | 'elan' | 'via';
  /** Action id → key chord; overrides of the profile. */
  readonly keys: Readonly<Record<string, string>>;
  readonly annotator: string;
  readonly engine: EngineName | 'auto';
  readonly reactionTimeMs: number;
  readonly snap: boolean;
  readonly stepSeconds: number;
  /** Makes a copy of a video by itself where jumps turned out slow. */
  readonly autoProxy: boolean;
  /** Copies of all videos of a project together, in gigabytes; those not used for longest go. */
  readonly proxyGigabytes: number;
}

export interface ImportReportInfo {
  readonly dryRun: boolean;
  readonly videosMatched: number;
  readonly videosMissing: readonly string[];
  readonly segmentsAdded: number;
  readonly labelsAdded: readonly string[];
  readonly warnings: readonly { readonly kind: string; readonly message: string; readonly where: string }[];
}

export interface FormatInfo {
  readonly name: string;
  readonly title: string;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly extensions: readonly string[];
}

/** One page of a list. */
export interface Page<T> {
  readonly total: number;
  readonly items: readonly T[];
}
