/**
 * The demo, step by step: footage → project → frozen and LoFi → predictions on unseen videos → evaluation → report.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { EngineName } from '#core/compute/engine';
import type { ScoredSegment } from '#core/annotation/segment';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import type { FootageCounts } from '#core/data/footage/footage';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiousOf } from '#core/eval/protocol';
import { encoderByName } from '#core/model/encoder/catalogue';
import type { TrainConfig } from '#core/train/config';
import { DEMO_CONFIG, QUICK_CONFIG } from '#core/train/defaults';
import type { JobVideo, PredictResult, StageFigures, TrainResult, WorkerMessage } from '#core/train/job';
import { pretrainEncoder, SMALL_PRETRAINING } from '#core/train/pretrain';
import { openEngine } from '#service/engines/index';
import { openCheckpoints } from '#worker/checkpointFiles';
import { createControl, createMeter } from '#worker/control';
import { saveEncoder } from '#worker/modelFolder';
import { runJob } from '#worker/runJob';
import type { CliContext } from '#cli/context';
import { countedBar, progressLine } from '#cli/bar';
import { closingTable } from './closingTable.ts';
import type { DemoScore } from './closingTable.ts';
import {
  addModels,
  addPredictions,
  demoFolders,
  demoVideos,
  fillProject,
  prepareFolders,
} from './demoProject.ts';
import type { DemoFolders } from './demoProject.ts';
import { writeFootage } from './footageFiles.ts';
import { segmentsPicture } from './picture.ts';
import { nextColour } from '#service/store/annotate';

/** What the person asked for. */
export interface DemoOptions {
  readonly out: string;
  readonly engine: EngineName | 'auto';
  readonly seed: number;
  readonly quick: boolean;
  readonly fromScratch: boolean;
}

/** What `summary.json` holds. Fractions; `videos.testing` is what the maps are of. */
export interface DemoSummary {
  readonly seed: number;
  readonly engine: string;
  readonly videos: FootageCounts;
  readonly frozen: { readonly averageMap: number; readonly map: Readonly<Record<string, number>> };
  readonly lofi: { readonly averageMap: number; readonly map: Readonly<Record<string, number>> };
  readonly stages: readonly StageFigures[];
  readonly project: string;
}

const FULL_COUNTS: FootageCounts = { training: 100, validation: 20, testing: 60 };
const QUICK_COUNTS: FootageCounts = { training: 24, validation: 6, testing: 12 };
const DRAWN_VIDEOS = 12;
/** Steps of stage 1 in a quick demo from scratch. */
const QUICK_PRETRAINING_STEPS = 300;

/** Trains the small encoder again, or goes on with it. @returns the folder to start from */
async function fromScratch(options: DemoOptions, folders: DemoFolders, context: CliContext): Promise<string> {
  const folder = folders.encoder;
  if (existsSync(join(folder, 'model.json'))) return folder;
  const engine = await openEngine(options.engine);
  try {
    const spec = encoderByName('small');
    const steps = options.quick ? QUICK_PRETRAINING_STEPS : SMALL_PRETRAINING.steps;
    const config = { ...SMALL_PRETRAINING, seed: options.seed, steps };
    const control = createControl({
      signal: context.signal,
      report: reporter(context, ''),
    });
    control.plan([{ name: 'stage1', weight: 1 }]);
    const checkpoints = await openCheckpoints(folder, true, () => undefined);
    const text = 'Stage 1 of 3, classification pre-training';
    const { encoder, accuracy } = await pretrainEncoder(engine, spec, config, {
      checkpoints,
      afterStep: async ({ step }, save) => {
        control.progress('stage1', `${text}, step ${step}/${steps}`, step, steps, 'steps');
        await control.breathe(save);
      },
    });
    await saveEncoder(
      folder,
      { version: 1, kind: 'encoder', name: 'small', spec, about: { ...config, accuracy } },
      encoder,
    );
    context.log(`Stage 1: ${(accuracy * 100).toFixed(1)} % of new clips classified right.`);
    return folder;
  } finally {
    await engine.dispose();
  }
}

function score(
  videos: readonly JobVideo[],
  predictions: Readonly<Record<string, readonly ScoredSegment[]>>,
): DemoScore {
  const truth = Object.fromEntries(videos.map((video) => [video.id, [...video.segments]]));
  const found = Object.fromEntries(videos.map((video) => [video.id, [...(predictions[video.id] ?? [])]]));
  const strict = evaluateDetections(truth, found, tiousOf('activitynet'));
  const loose = evaluateDetections(truth, found, tiousOf('thumos14'));
  return {
    map: { ...loose.map, ...strict.map },
    averageMap: strict.averageMap,
    looseAverageMap: loose.averageMap,
  };
}

/** What `summary.json` says of a score: the thresholds of its average alone. */
function strictOnly({ map, averageMap }: DemoScore): DemoSummary['frozen'] {
  const keys = Object.keys(map).filter((key) => Number(key) >= 0.5);
  return { averageMap, map: Object.fromEntries(keys.sort().map((key) => [key, map[key]!])) };
}

function reporter(context: CliContext, prefix: string): (message: WorkerMessage) => void {
  return (message) => {
    if (message.type === 'progress') {
      const { fraction, text, secondsLeft } = message.progress;
      context.progress(progressLine(fraction, `${prefix}${text}`, secondsLeft));
    } else if (message.type === 'log') context.log(message.text);
  };
}

/** Runs the demo. @throws StudioError `cancelled` when interrupted; what was finished is kept */
export async function runDemo(options: DemoOptions, context: CliContext): Promise<DemoSummary> {
  const { signal } = context;
  const folders = demoFolders(resolve(options.out));
  const counts = options.quick ? QUICK_COUNTS : FULL_COUNTS;
  const { seed, quick } = options;
  // An engine that cannot run says so before anything is written.
  if (options.engine !== 'auto') await (await openEngine(options.engine)).dispose();
  const goesOn = await prepareFolders(folders, {
    seed,
    quick,
    engine: options.engine,
    fromScratch: options.fromScratch,
  });
  if (goesOn) context.log('An interrupted demo is here: it goes on.');
  const meter = createMeter();
  const base = quick ? QUICK_CONFIG : DEMO_CONFIG;
  const encoder = options.fromScratch
    ? await meter.measure('stage1', () => fromScratch(options, folders, context))
    : base.encoder;
  const config: TrainConfig = { ...base, seed, encoder };
  const files = await meter.measure('footage', () =>
    writeFootage(folders.videos, seed, counts, {
      signal,
      progress: countedBar((line) => context.progress(line), 'Generating', 'videos'),
    }),
  );
  const store = await meter.measure('project', () =>
    fillProject(folders.project, files, {
      signal,
      progress: countedBar((line) => context.progress(line), 'Labelling', 'videos'),
    }),
  );
  try {
    const videos = demoVideos(store);
    const testing = videos.filter((video) => video.subset === 'testing');
    const cache = store.layout.cache;
    const trained = (await runJob(
      {
        kind: 'train',
        jobId: 'demo',
        config,
        labels: [...TARGET_CLASSES],
        videos,
        folders: { cache, output: folders.training },
        engine: options.engine,
        resume: goesOn,
      },
      { signal, report: reporter(context, '') },
    )) as TrainResult;
    const ids = addModels(store, config, trained);
    const predictions: Record<string, PredictResult['predictions']> = {};
    for (const model of trained.models) {
      const words = `Predicting with the ${model.variant === 'frozen' ? 'frozen' : 'tuned'} encoder: `;
      const result = (await meter.measure(`predict-${model.variant}`, () =>
        runJob(
          {
            kind: 'predict',
            jobId: `demo-${model.variant}`,
            model: model.folder,
            videos: testing,
            folders: { cache, output: join(cache, `predict-${model.variant}`) },
            engine: options.engine,
          },
          { signal, report: reporter(context, words) },
        ),
      )) as PredictResult;
      predictions[model.variant] = result.predictions;
      addPredictions(store, ids[model.variant]!, { ...model.predictions, ...result.predictions });
    }
    const frozen = score(testing, predictions['frozen'] ?? {});
    const lofi = score(testing, predictions['lofi'] ?? {});
    const measured = meter.figures();
    const isBefore = (name: string): boolean => ['stage1', 'footage', 'project'].includes(name);
    const stages = [
      ...measured.filter(({ name }) => isBefore(name)),
      ...trained.stages,
      ...measured.filter(({ name }) => !isBefore(name)),
    ];
    const table = closingTable(frozen, lofi, stages, testing.length, quick);
    const picture = segmentsPicture({
      title: 'LoFi Studio demo: predicted and true segments',
      text: `Seed ${seed}: ${counts.training} training, ${counts.validation} validation and ${testing.length} testing videos. The first ${Math.min(DRAWN_VIDEOS, testing.length)} testing videos, which no training has seen, are drawn.`,
      scores: [
        { name: 'Frozen encoder', ...frozen },
        { name: 'LoFi', ...lofi },
      ],
      colours: Object.fromEntries(TARGET_CLASSES.map((name, index) => [name, nextColour(index)])),
      videos: testing.slice(0, DRAWN_VIDEOS).map((video) => ({
        name: video.id,
        durationSec: store.videos.require(video.id).durationSec,
        truth: video.segments,
        frozen: predictions['frozen']?.[video.id] ?? [],
        lofi: predictions['lofi']?.[video.id] ?? [],
      })),
    });
    const summary: DemoSummary = {
      seed,
      engine: trained.engine,
      videos: counts,
      frozen: strictOnly(frozen),
      lofi: strictOnly(lofi),
      stages,
      project: folders.project,
    };
    await writeFile(folders.picture, picture);
    await writeFile(folders.summary, `${JSON.stringify(summary, null, 2)}\n`);
    context.log(
      [
        '',
        ...table,
        '',
        `Picture: ${folders.picture}`,
        `Summary: ${folders.summary}`,
        `Project: ${folders.project}`,
      ].join('\n'),
    );
    return summary;
  } finally {
    store.close();
  }
}
