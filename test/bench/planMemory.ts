/**
 * `bench plan-memory`: the planner's estimate of a training's memory beside the measured peak of the worker's process, for several
 * configurations. Memory does not depend on how busy the machine is.
 *
 * Options: `--engine NAME`, `--only TEXT` (part of the name), `--set fitted|held-out`, `--out FOLDER` (kept).
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EngineName } from '#core/compute/engine';
import { paintFrames, planVideo } from '#core/data/footage/footage';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import type { TrainConfig } from '#core/train/config';
import { STUDIO_CONFIG } from '#core/train/defaults';
import type { JobVideo } from '#core/train/job';
import { memoryEstimate } from '#core/train/memory';
import { startWorker } from '#service/jobs/workerProcess';
import { contentHash } from '#service/media/file/contentHash';
import { writeVideo } from '#service/media/encode';
import { encoderFolder, loadEncoder, saveEncoder } from '#worker/modelFolder';
import type { Benchmark } from './benchmark.ts';

interface Case {
  readonly name: string;
  readonly encoder: string;
  readonly config: TrainConfig;
}

/** A short training of a shape: one epoch of each phase. */
function shaped(
  encoder: string,
  sampling: Partial<TrainConfig['sampling']>,
  batch: number,
  more: Partial<TrainConfig> = {},
): Case {
  const config: TrainConfig = {
    ...STUDIO_CONFIG,
    ...more,
    encoder,
    sampling: { ...STUDIO_CONFIG.sampling, ...sampling },
    lofi: {
      ...STUDIO_CONFIG.lofi,
      ...more.lofi,
      epochs: 1,
      windowEpochs: 1,
      headWarmupEpochs: 1,
      batch,
      windowBatch: batch,
    },
    head: {
      ...STUDIO_CONFIG.head,
      epochs: 2,
      agnosticEpochs: 0,
      learningRates: [1e-3],
      batch: Math.max(2, batch),
    },
  };
  const { snippets, framesPerSnippet, side } = config.sampling;
  return {
    name: `${encoder}, ${snippets}×${framesPerSnippet} at ${side}, batch ${batch}, ${config.detector}`,
    encoder,
    config,
  };
}

const CASES: readonly Case[] = [
  shaped('small', { snippets: 64, side: 64 }, 2),
  shaped('small', { snippets: 100, side: 112 }, 2),
  shaped('small', { snippets: 100, side: 112 }, 4),
  shaped('small', { snippets: 256, side: 112 }, 2),
  shaped('small', { snippets: 100, side: 224 }, 1),
  shaped('small', { snippets: 512, side: 64 }, 4),
  shaped('small', { snippets: 100, side: 64 }, 2, { detector: 'tridet' }),
  shaped('small', { snippets: 256, side: 64 }, 4, { detector: 'tridet' }),
  shaped('small', { snippets: 64, side: 64 }, 4, { detector: 'g-tad' }),
  shaped('small', { snippets: 100, side: 64 }, 2, { detector: 'g-tad' }),
  shaped('small', { snippets: 128, side: 64 }, 4, { detector: 'g-tad' }),
  shaped('tsm-resnet18', { snippets: 16, side: 112 }, 1),
  shaped('tsm-resnet18', { snippets: 16, side: 224 }, 1),
  shaped('tsm-resnet50', { snippets: 8, side: 112 }, 1),
];

/** Configurations that the estimate's factors were not fitted to: whether it holds elsewhere. */
const HELD_OUT: readonly Case[] = [
  shaped('small', { snippets: 160, framesPerSnippet: 4, side: 96 }, 2),
  shaped('small', { snippets: 72, side: 160 }, 3),
  shaped('small', { snippets: 144, side: 80 }, 2, { detector: 'tridet' }),
  shaped('small', { snippets: 80, side: 96 }, 3, { detector: 'g-tad' }),
  shaped('tsm-resnet18', { snippets: 24, framesPerSnippet: 4, side: 160 }, 2),
  shaped('tsm-resnet34', { snippets: 12, side: 128 }, 1),
];

async function footage(folder: string): Promise<JobVideo[]> {
  const config = { ...DEFAULT_FOOTAGE, durationSec: [40, 44] } as const;
  const videos: JobVideo[] = [];
  for (const index of [0, 1, 2, 3, 4]) {
    const video = planVideo(7, 'training', index, config);
    const file = path.join(folder, `${video.name}.mp4`);
    await writeVideo(file, paintFrames(video), { width: 64, height: 64, fps: { num: 6, den: 1 } });
    const subset = index === 4 ? 'validation' : 'training';
    videos.push({
      id: video.name,
      path: file,
      contentHash: await contentHash(file),
      subset,
      segments: video.segments,
    });
  }
  return videos;
}

/** Folder of an encoder: the shipped one, or random weights of the named shape. Memory does not depend on values. */
async function encoderFor(name: string, folder: string): Promise<string> {
  if (name === 'small') return encoderFolder(name);
  const spec = encoderByName(name);
  const target = path.join(folder, name);
  await saveEncoder(
    target,
    { version: 1, kind: 'encoder', name, spec, about: {} },
    initialiseEncoder(spec, 1),
  );
  return target;
}

async function peakOf(
  folder: string,
  encoder: string,
  each: Case,
  videos: readonly JobVideo[],
  engine: EngineName,
): Promise<number> {
  const output = path.join(folder, 'output');
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  const running = startWorker(
    {
      kind: 'train',
      jobId: 'memory',
      config: { ...each.config, encoder },
      labels: [...TARGET_CLASSES],
      videos,
      folders: { cache: path.join(folder, 'cache'), output },
      engine,
      resume: false,
    },
    {
      file: fileURLToPath(new URL('../../electron/worker/index.ts', import.meta.url)),
      cancelDeadlineMs: 5000,
      onNews: () => undefined,
    },
  );
  const outcome = await running.outcome;
  if (outcome.type !== 'done' || outcome.result?.kind !== 'train') {
    throw new Error(`${each.name}: ${outcome.type === 'failed' ? outcome.error.message : outcome.type}`);
  }
  return Math.max(...outcome.result.stages.map((stage) => stage.peakBytes));
}

export const bench: Benchmark = {
  name: 'plan-memory',
  summary: 'the planner’s estimate of memory beside the measured peak, for several configurations',
  run: async ({ options, log }) => {
    const engine = (options['engine'] ?? 'onnx') as EngineName;
    const folder = options['out'] ?? (await mkdtemp(path.join(tmpdir(), 'lofi-plan-memory-')));
    await mkdir(folder, { recursive: true });
    const videos = await footage(folder);
    const rows: Record<string, unknown>[] = [];
    const sets = { fitted: CASES, 'held-out': HELD_OUT };
    const wanted = Object.entries(sets).flatMap(([set, cases]) =>
      options['set'] === undefined || options['set'] === set ? cases.map((each) => ({ set, each })) : [],
    );
    for (const { set, each } of wanted.filter(
      ({ each: { name } }) => options['only'] === undefined || name.includes(options['only']),
    )) {
      const encoder = await encoderFor(each.encoder, folder);
      const { card } = await loadEncoder(encoder);
      const estimate = memoryEstimate(each.config, card.spec, availableParallelism(), engine);
      const measured = await peakOf(folder, encoder, each, videos, engine);
      const row = {
        configuration: each.name,
        set,
        estimateMB: Math.round(estimate / 1e6),
        measuredMB: Math.round(measured / 1e6),
        errorPercent: Math.round((100 * (estimate - measured)) / measured),
      };
      rows.push(row);
      log(JSON.stringify(row));
    }
    if (options['out'] === undefined) await rm(folder, { recursive: true, force: true });
    return { unit: 'MB of resident memory of the worker', rows };
  },
};
