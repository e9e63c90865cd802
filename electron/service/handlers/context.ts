/**
 * What every handler shares: the open project, the settings and the way to publish news.
 */
import { StudioError } from '#core/contract/errors';
import type { Publish } from '#core/contract/events';
import type { AppInfo } from '#core/contract/info';
import type { EditResult } from '#core/contract/info';
import type { MediaService } from '#service/media/service';
import type { Calibrator } from '#service/jobs/calibration';
import type { JobManager } from '#service/jobs/manager';
import type { Store } from '#service/store/store';
import type { Preferences } from './settings.ts';

/** The project that is open. */
export interface OpenProject {
  readonly store: Store;
  readonly jobs: JobManager;
}

/** Shared by all handlers of one service. */
export interface ServiceContext {
  readonly app: AppInfo;
  readonly dataDir: string;
  readonly preferences: Preferences;
  readonly publish: Publish;
  readonly calibrator: Calibrator;
  /** Of the open project. @throws StudioError `not-found` when none is open */
  media(): MediaService;
  /** Null when none is open. */
  current(): OpenProject | null;
  /** @throws StudioError `not-found` when none is open */
  project(): OpenProject;
  /** The open project's store, if it may be written. @throws StudioError `not-found`, `read-only` */
  writable(): Store;
  /** Makes a store the open project; the one before is closed. */
  open(store: Store): Promise<OpenProject>;
  close(): Promise<void>;
}

/** Tells the windows what an edit changed. */
export function publishEdit(context: ServiceContext, result: EditResult): EditResult {
  if (result.entry !== null) {
    context.publish('document.changed', {
      revision: result.revision,
      videoIds: result.videoIds,
      labelsChanged: result.labelsChanged,
    });
  }
  return result;
}

/** The error of calls that need a project. */
export function noProject(): StudioError {
  return new StudioError('not-found', 'No project is open. Open one or create one.');
}
