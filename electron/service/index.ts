/**
 * The studio service: what the desktop program, the browser shell and the command line start. A plain Node object; imports nothing of a shell.
 *
 * Owns the open project (its only writer), its jobs, backups and media, and the person's settings.
 */
import type http from 'node:http';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { EventName, EventMap, Publish } from '#core/contract/events';
import type { AppInfo } from '#core/contract/info';
import type { Handlers } from '#core/contract/invoke';
import { createCalibrator } from '#service/jobs/calibration';
import { createJobManager } from '#service/jobs/manager';
import { createRunners } from '#service/jobs/runners';
import { mirrored, PUBLISHED_WEIGHTS, type PublishedWeights } from '#core/model/weights/published';
import type { Store } from '#service/store/store';
import { noProject, type OpenProject, type ServiceContext } from './handlers/context.ts';
import { createHandlers } from './handlers/index.ts';
import { createWakeLock } from './process/awake.ts';
import { createEngineCalls, installWork } from './handlers/engines.ts';
import { createAutoProxy } from './handlers/autoProxy.ts';
import { createServiceMedia } from './handlers/media.ts';
import { openPreferences } from './handlers/settings.ts';

/** How a service is made. */
export interface ServiceOptions {
  /** Settings, recent projects and the sample lie here. */
  readonly dataDir: string;
  readonly shell: 'desktop' | 'browser';
  /** Prefix of media addresses as a page sees them. */
  readonly mediaBase: string;
  /** Entry of the job worker; by default the one beside this file. */
  readonly workerFile?: string;
  /** Milliseconds between asking a worker to stop and killing it. */
  readonly cancelDeadlineMs?: number;
  /** Weights that can be fetched; by default those of `core/model/weights/published`. */
  readonly published?: readonly PublishedWeights[];
}

/** A running service. */
export interface Service {
  readonly handlers: Handlers;
  /** @returns a function that ends the subscription */
  subscribe(publish: Publish): () => void;
  /** Answers media requests: addresses below `mediaBase`. */
  readonly media: (request: http.IncomingMessage, response: http.ServerResponse) => void;
  /** Sends jobs to rest, closes the project. */
  close(): Promise<void>;
}

/** Kept equal to package.json by a test. */
const VERSION = '0.1.0';
const CANCEL_DEADLINE_MS = 15_000;
const HOUR_MS = 3_600_000;

/** In a checkout the worker is a source file, in a packed program a bundle beside the service's. */
function defaultWorkerFile(): string {
  const source = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(source ? '../worker/index.ts' : '../worker/index.mjs', import.meta.url));
}

/** Starts a service. No project is open yet. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const preferences = openPreferences(path.resolve(options.dataDir));
  const app: AppInfo = {
    version: VERSION,
    shell: options.shell,
    platform: process.platform,
    mediaBase: options.mediaBase,
  };
  const listeners = new Set<Publish>();
  const publish: Publish = <K extends EventName>(name: K, payload: EventMap[K]): void => {
    for (const listener of listeners) listener(name, payload);
  };
  let project: (OpenProject & { readonly stop: () => void }) | null = null;

  const cancelDeadlineMs = options.cancelDeadlineMs ?? CANCEL_DEADLINE_MS;
  const worker = { file: options.workerFile ?? defaultWorkerFile(), cancelDeadlineMs };
  const calibrator = createCalibrator(
    preferences,
    worker.file,
    cancelDeadlineMs,
    () => project === null || project.jobs.pids().length > 0,
  );
  // The desktop program keeps the machine awake itself.
  const wakeLock = options.shell === 'browser' ? createWakeLock() : null;
  const media = createServiceMedia(
    path.resolve(options.dataDir),
    () => preferences.settings(),
    createAutoProxy(
      () => preferences.settings(),
      () => project,
      () => media.current(),
    ),
  );
  const close = async (): Promise<void> => {
    const closing = project;
    if (closing === null) return;
    closing.stop();
    calibrator.stop();
    await closing.jobs.close();
    project = null;
    media.use(null);
    await closing.store.backups.settled();
    closing.store.close();
  };
  const backUp = (store: Store, reason: 'open' | 'hourly'): void => {
    store.backups
      .make(reason)
      .catch((error: unknown) => process.emitWarning(`No backup was made: ${String(error)}`));
  };
  const context: ServiceContext = {
    app,
    dataDir: path.resolve(options.dataDir),
    preferences,
    publish,
    calibrator,
    media: () => media.current(),
    current: () => project,
    project: () => {
      if (project === null) throw noProject();
      return project;
    },
    writable: () => {
      if (project === null) throw noProject();
      project.store.mustWrite();
      return project.store;
    },
    open: async (store) => {
      try {
        await close();
        media.use(store);
        const runners = createRunners({
          store,
          publish,
          preferences,
          workerFile: worker.file,
          cancelDeadlineMs,
          beforeWork: () => calibrator.stop(),
          light: { proxy: media.makeProxy, 'engine-install': installWork(publish, worker) },
        });
        const jobs = createJobManager(store, publish, runners, (busy) => wakeLock?.set(busy));
        const timer =
          store.readOnlyReason === null ? setInterval(() => backUp(store, 'hourly'), HOUR_MS) : null;
        timer?.unref();
        project = { store, jobs, stop: () => (timer === null ? undefined : clearInterval(timer)) };
        const opened = project;
        void store
          .checkLater()
          .then((damaged) => {
            if (damaged) publish('project.changed', { project: store.info() });
            else if (store.readOnlyReason === null && project === opened) backUp(store, 'open');
          })
          .catch((error: unknown) =>
            process.emitWarning(`The database could not be checked: ${String(error)}`),
          );
        return opened;
      } catch (error) {
        media.use(null);
        store.close();
        throw error;
      }
    },
    close,
  };
  return {
    handlers: createHandlers(
      context,
      createEngineCalls(preferences, worker),
      options.published ?? mirrored(PUBLISHED_WEIGHTS, process.env['LOFI_WEIGHTS_MIRROR']),
    ),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    media: media.respond,
    close,
  };
}
