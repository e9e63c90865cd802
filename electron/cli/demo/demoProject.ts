/**
 * The demo's project: its videos and labels before training, so that an interruption leaves something to open; models and predictions after.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ScoredSegment } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import type { TrainConfig } from '#core/train/config';
import type { JobVideo, TrainResult } from '#core/train/job';
import { readVideo } from '#service/handlers/ingest';
import { jobVideo } from '#service/jobs/snapshot';
import { createMedia } from '#service/media/service';
import { applyEdits, nextColour } from '#service/store/annotate';
import { secondsToPts } from '#service/store/seconds';
import { createProject, isProject, openProject } from '#service/store/store';
import type { Store } from '#service/store/store';
import type { FootageFile, FootageWatch } from './footageFiles.ts';

const EDITOR = { annotator: 'demo' } as const;
const MARK = 'demo.json';

/** Where a demo keeps what. */
export interface DemoFolders {
  readonly root: string;
  readonly videos: string;
  readonly project: string;
  /** The small encoder, where it is trained again. */
  readonly encoder: string;
  /** Checkpoints and models of the training, inside the project. */
  readonly training: string;
  readonly summary: string;
  readonly picture: string;
}

/** Folders and files of a demo. */
export function demoFolders(root: string): DemoFolders {
  const project = join(root, 'project');
  return {
    root,
    videos: join(root, 'videos'),
    project,
    encoder: join(root, 'encoder'),
    training: join(project, 'models', 'demo'),
    summary: join(root, 'summary.json'),
    picture: join(root, 'segments.html'),
  };
}

/**
 * Makes the folder ready. An unfinished demo with the same settings goes on; a finished or another one is replaced.
 * @returns whether there is something to go on with
 * @throws StudioError `conflict` when the folder holds a project that no demo made
 */
export async function prepareFolders(
  folders: DemoFolders,
  settings: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const mark = join(folders.root, MARK);
  const wanted = JSON.stringify(settings);
  const found = await readFile(mark, 'utf8').catch(() => null);
  if (found === null && existsSync(folders.project)) {
    throw new StudioError(
      'conflict',
      `${folders.project} was not made by the demo. Choose another folder with --out.`,
      {
        path: folders.project,
      },
    );
  }
  const goesOn = found === wanted && !existsSync(folders.summary);
  if (!goesOn) {
    await rm(folders.project, { recursive: true, force: true });
    await rm(folders.encoder, { recursive: true, force: true });
    await rm(folders.summary, { force: true });
    await rm(folders.picture, { force: true });
  }
  await mkdir(folders.root, { recursive: true });
  await writeFile(mark, wanted);
  return goesOn;
}

/** Opens the project; adds the labels and those videos that it does not have yet. */
export async function fillProject(
  dir: string,
  files: readonly FootageFile[],
  watch: FootageWatch,
): Promise<Store> {
  const store = isProject(dir) ? openProject(dir) : createProject(dir, 'Demo');
  const media = createMedia({ cacheFolder: store.layout.cache });
  try {
    if (store.document.labels().length === 0) {
      const labels = TARGET_CLASSES.map((name, index) => ({
        id: name,
        name,
        colour: nextColour(index),
        key: String(index + 1),
        parentId: null,
        description: '',
        ignore: false,
      }));
      applyEdits(store, [{ type: 'add-labels', labels }], EDITOR, 'Add labels');
    }
    for (const [at, file] of files.entries()) {
      watch.signal.throwIfAborted();
      if (store.videos.get(file.name) === undefined) {
        const video = await readVideo(file.path, media, watch.signal);
        store.videos.add([{ ...video, id: file.name, subset: file.subset }]);
      }
      labelVideo(store, file);
      watch.progress(at + 1, files.length);
    }
    return store;
  } catch (error) {
    store.close();
    throw error;
  } finally {
    media.dispose();
  }
}

function labelVideo(store: Store, file: FootageFile): void {
  const clock = store.document.video(file.name);
  if (clock === undefined || store.document.segmentsOfVideo(file.name).length > 0) return;
  const segments = file.segments.map(({ startSec, endSec, label }, index) => ({
    id: `${file.name}-${index}`,
    videoId: file.name,
    labelId: label,
    startPts: secondsToPts(startSec, clock),
    endPts: Math.min(clock.endPts, secondsToPts(endSec, clock)),
    note: '',
    attributes: {},
  }));
  const covered = [{ startPts: clock.startPts, endPts: clock.endPts }];
  applyEdits(
    store,
    [
      { type: 'add-segments', segments },
      { type: 'set-covered', videoId: file.name, ranges: covered },
    ],
    EDITOR,
    `Label ${file.name}`,
  );
}

/** The project's videos as jobs see them. */
export function demoVideos(store: Store): JobVideo[] {
  return store.videos.all().map((video) => jobVideo(store, video));
}

/** Puts both models into the project, each once however often the demo went on. @returns their ids by variant */
export function addModels(store: Store, config: TrainConfig, result: TrainResult): Record<string, string> {
  const ids: Record<string, string> = {};
  for (const trained of result.models) {
    const id = `demo-${trained.variant}`;
    ids[trained.variant] = id;
    if (store.models.get(id) !== undefined) continue;
    store.models.add({
      id,
      name: trained.variant === 'frozen' ? 'Demo (frozen encoder)' : 'Demo',
      variant: trained.variant,
      parentId: null,
      jobId: null,
      labels: [...TARGET_CLASSES],
      config,
      bytes: trained.bytes,
      validation: trained.validation,
      stages: result.stages,
      folder: trained.folder,
      engine: result.engine,
      snapshot: {
        revision: store.history.revision(),
        videos: store.videos.all().filter((video) => video.subset !== 'testing').length,
        segments: store.document.segmentCount(),
      },
    });
    if (trained.variant === result.kept) store.models.use(id);
  }
  return ids;
}

/** Puts a model's predictions into the project. */
export function addPredictions(
  store: Store,
  modelId: string,
  predictions: Readonly<Record<string, readonly ScoredSegment[]>>,
): void {
  store.transaction(() => {
    for (const [videoId, segments] of Object.entries(predictions)) {
      const video = store.videos.get(videoId);
      if (video === undefined) continue;
      store.predictions.replace(
        videoId,
        modelId,
        segments
          .map(({ startSec, endSec, label, score }) => ({
            labelId: label,
            startPts: secondsToPts(startSec, video),
            endPts: secondsToPts(endSec, video),
            score,
          }))
          .filter(({ startPts, endPts }) => endPts > startPts),
      );
    }
  });
}
