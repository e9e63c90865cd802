/**
 * News from the service to its windows. Events never control flow; at most ten progress events a second and job.
 */
import type { JobInfo, JobState, ProjectInfo, SettingsInfo } from './info.ts';
import type { JobMetric, JobPreview, JobProgress } from '#core/train/job';

/** Payloads by event name. */
export interface EventMap {
  'project.changed': { readonly project: ProjectInfo | null };
  'settings.changed': { readonly settings: SettingsInfo };
  'videos.changed': { readonly ids: readonly string[] | null };
  'document.changed': {
    readonly revision: number;
    readonly videoIds: readonly string[];
    readonly labelsChanged: boolean;
  };
  'predictions.changed': { readonly videoIds: readonly string[] | null };
  'models.changed': Readonly<Record<string, never>>;
  'engines.changed': Readonly<Record<string, never>>;
  /** The machine was measured: estimates before a training are better now. */
  'train.calibrated': Readonly<Record<string, never>>;
  'job.changed': { readonly job: JobInfo };
  'job.progress': {
    readonly id: string;
    readonly state: JobState;
    readonly progress: JobProgress;
    /** Those that were not told before. */
    readonly metrics: readonly JobMetric[];
    readonly preview: JobPreview | null;
  };
  /** What a running job says in words: what was held out, which model is kept and why. */
  'job.log': { readonly id: string; readonly level: 'info' | 'warning'; readonly text: string };
  /** The shell's own news: the service went away or came back. */
  'service.state': {
    readonly state: 'connected' | 'reconnecting' | 'failed';
    readonly message: string | null;
  };
  /** Desktop menus and dropped files. */
  'shell.action': { readonly action: string; readonly paths: readonly string[] };
}

export type EventName = keyof EventMap;

/** Every event's name. */
export const EVENT_NAMES = [
  'project.changed',
  'settings.changed',
  'videos.changed',
  'document.changed',
  'predictions.changed',
  'models.changed',
  'engines.changed',
  'train.calibrated',
  'job.changed',
  'job.progress',
  'job.log',
  'service.state',
  'shell.action',
] as const satisfies readonly EventName[];

/** How a service publishes news. */
export type Publish = <K extends EventName>(name: K, payload: EventMap[K]) => void;
