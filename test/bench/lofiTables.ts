/**
 * `bench lofi-tables`: the paper's Tables 1 and 2 on generated footage (Xu et al., NeurIPS 2021): what each way to prepare the encoder gives the
 * same head at full fidelity.
 *
 * Options: `--out FOLDER` (kept; finished rows are not computed again, an unfinished one goes on), `--rows icp,acp,…`, `--seeds 1,2,3`,
 * `--training N`, `--validation N`, `--testing N`, `--epochs N` and `--batch N` of stage 2, `--head-batch N` of stage 3. Seed after seed, so that what is there early
 * compares. Every row of a seed sees the same videos, head recipe and number of stage-2 steps.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFootage } from '#cli/demo/footageFiles';
import { StudioError } from '#core/contract/errors';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiousOf } from '#core/eval/protocol';
import { ENCODERS } from '#core/model/encoder/catalogue';
import type { TrainConfig } from '#core/train/config';
import { DEMO_CONFIG } from '#core/train/defaults';
import type { JobVideo, PredictResult, StageFigures, TrainResult } from '#core/train/job';
import { LOOK_PRETRAINING, pretrainEncoder } from '#core/train/pretrain';
import { openEngine } from '#service/engines/index';
import { contentHash } from '#service/media/file/contentHash';
import { saveEncoder } from '#worker/modelFolder';
import { runJob } from '#worker/runJob';
import type { Benchmark } from './benchmark.ts';
import { spread } from './demoSeeds.ts';

/** Rows in the order of the paper's tables, and what they are; `full` is chunked back-propagation at full fidelity, which the paper could not do. */
export const ROWS = {
  icp: 'stills: shape and colour in single frames, no shift in time (ICP)',
  acp: 'classification of source motions, frozen (ACP)',
  'acp+': 'the same, then classification of the target’s segments (ACP+)',
  s: 'S-LoFi',
  t: 'T-LoFi',
  st: 'ST-LoFi',
  'short-cyclic': 'Short C-LoFi',
  'long-cyclic': 'Long C-LoFi',
  's-then-windows': 'S, then windows at full side (ours)',
  full: 'full fidelity, chunked (ours)',
} as const;
type Row = keyof typeof ROWS;
const ROW_NAMES = Object.keys(ROWS) as Row[];

/** Size of the runs; the demo's is the default. */
export interface TableSize {
  readonly training: number;
  readonly validation: number;
  readonly testing: number;
  readonly epochs: number;
  readonly batch: number;
  /** Videos in a step of stage 3, the same for every row. */
  readonly headBatch: number;
}

/** Clips of one step of ACP+: as many frames as a stage-2 step sees of `batch` videos. */
function clipsPerStep({ batch }: TableSize): number {
  return (batch * DEMO_CONFIG.sampling.snippets) / 4;
}

/** The configuration of a row: only the encoder's preparation differs. */
export function rowConfig(row: Row, seed: number, size: TableSize, stillEncoder: string): TrainConfig {
  const { training, epochs, batch, headBatch } = size;
  const base = { ...DEMO_CONFIG, seed, head: { ...DEMO_CONFIG.head, batch: headBatch } };
  if (row === 'acp') return { ...base, tune: false };
  if (row === 'icp') return { ...base, tune: false, encoder: stillEncoder };
  if (row === 'acp+') {
    const optimiser = { ...base.lofi.encoder, learningRate: 5e-4 };
    const steps = Math.ceil(training / batch) * epochs;
    return {
      ...base,
      tune: false,
      targetClassification: { steps, clipsPerStep: clipsPerStep(size), optimiser },
    };
  }
  const shared = { ...base.lofi, batch, windowBatch: batch };
  const main = Math.round(epochs / 4);
  const lofi =
    row === 's-then-windows'
      ? { ...shared, epochs: main, windowEpochs: epochs - main }
      : { ...shared, schedule: row, epochs, windowEpochs: 0 };
  return { ...base, lofi, baseline: false };
}

const signal = new AbortController().signal;

interface RowResult {
  readonly row: Row;
  readonly seed: number;
  readonly averageMap: number;
  readonly map: Readonly<Record<string, number>>;
  readonly stages: readonly StageFigures[];
}

async function readJson<T>(file: string): Promise<T | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as T);
}

/** The encoder of ICP: the small one without shifts, trained on stills once and kept. @returns its folder */
async function stillEncoder(folder: string, log: (text: string) => void): Promise<string> {
  const target = path.join(folder, 'encoder-icp');
  if ((await readJson(path.join(target, 'model.json'))) !== null) return target;
  const spec = { ...ENCODERS.small, family: 'resnet' } as const;
  const config = LOOK_PRETRAINING;
  const engine = await openEngine('auto');
  try {
    const stills = { ...spec, framesPerSnippet: 1 };
    const { encoder, accuracy } = await pretrainEncoder(engine, stills, config, {
      afterStep: async ({ step }) => {
        if (step % 100 === 0) log(`stills: step ${step} of ${config.steps}`);
        await Promise.resolve();
      },
    });
    log(`stills: ${(accuracy * 100).toFixed(1)} % of ${config.testClips} new ones classified right`);
    await saveEncoder(
      target,
      { version: 1, kind: 'encoder', name: 'small-stills', spec, about: { ...config, accuracy } },
      encoder,
    );
    return target;
  } finally {
    await engine.dispose();
  }
}

async function seedVideos(folder: string, seed: number, size: TableSize): Promise<JobVideo[]> {
  const files = await writeFootage(path.join(folder, `videos-${seed}`), seed, size, {
    signal,
    progress: () => undefined,
  });
  return Promise.all(
    files.map(async (video) => ({ ...video, id: video.name, contentHash: await contentHash(video.path) })),
  );
}

async function measure(
  row: Row,
  seed: number,
  config: TrainConfig,
  videos: readonly JobVideo[],
  folder: string,
): Promise<RowResult> {
  const folders = { cache: path.join(folder, `cache-${seed}`), output: path.join(folder, `${row}-${seed}`) };
  const handle = { signal, report: () => undefined };
  const labels = [...TARGET_CLASSES];
  const shared = { jobId: row, folders, engine: 'auto' } as const;
  const trained = (await runJob(
    { ...shared, kind: 'train', config, labels, videos, resume: true },
    handle,
  )) as TrainResult;
  const testing = videos.filter((video) => video.subset === 'testing');
  const model = trained.models[0]!.folder;
  const found = (await runJob(
    { ...shared, kind: 'predict', model, videos: testing },
    handle,
  )) as PredictResult;
  const truth = Object.fromEntries(testing.map((video) => [video.id, [...video.segments]]));
  const predictions = Object.fromEntries(
    Object.entries(found.predictions).map(([id, list]) => [id, [...list]]),
  );
  const { averageMap, map } = evaluateDetections(truth, predictions, tiousOf('activitynet'));
  return { row, seed, averageMap, map, stages: trained.stages };
}

/** Mean ± deviation in per cent; of one seed the value alone. */
function cell(values: readonly number[]): string {
  const { mean, deviation } = spread(values);
  const middle = (mean * 100).toFixed(1);
  return values.length > 1 ? `${middle} ± ${(deviation * 100).toFixed(1)}` : middle;
}

/** The table as Markdown, in the columns of the paper. */
export function markdownTable(results: readonly RowResult[]): string {
  const lines = ROW_NAMES.flatMap((row) => {
    const own = results.filter((result) => result.row === row);
    if (own.length === 0) return [];
    const at = (key: string): string => cell(own.map(({ map }) => map[key]!));
    const each = own.map(({ averageMap }) => (averageMap * 100).toFixed(1)).join(', ');
    return `| ${ROWS[row]} | ${at('0.50')} | ${at('0.75')} | ${at('0.95')} | ${cell(own.map(({ averageMap }) => averageMap))} | ${each} |`;
  });
  const head = ['| encoder | .5 | .75 | .95 | average | average, each seed |', '|---|---|---|---|---|---|'];
  return `${[...head, ...lines].join('\n')}\n`;
}

/** Results of other sizes must not stand in one table. */
async function claimFolder(folder: string, size: TableSize): Promise<void> {
  const file = path.join(folder, 'size.json');
  const wanted = JSON.stringify(size);
  const known = await readFile(file, 'utf8').catch(() => wanted);
  if (known !== wanted) {
    throw new StudioError(
      'conflict',
      `${folder} holds results of another size (${known}). Choose another folder with --out.`,
      { path: folder },
    );
  }
  await mkdir(folder, { recursive: true });
  await writeFile(file, wanted);
}

export const bench: Benchmark = {
  name: 'lofi-tables',
  summary:
    'the paper’s tables on generated footage: pre-training kinds and LoFi configurations, mean ± spread over seeds',
  run: async ({ options, log }) => {
    const rows = (options['rows']?.split(',') ?? ROW_NAMES) as Row[];
    const unknown = rows.find((row) => !ROW_NAMES.includes(row));
    if (unknown !== undefined) {
      throw new StudioError(
        'wrong-usage',
        `There is no row "${unknown}". There are: ${ROW_NAMES.join(', ')}.`,
      );
    }
    const seeds = (options['seeds'] ?? '1,2,3').split(',').map(Number);
    const count = (name: string, otherwise: number): number => Number(options[name] ?? otherwise);
    const size: TableSize = {
      training: count('training', 100),
      validation: count('validation', 20),
      testing: count('testing', 60),
      epochs: count('epochs', 16),
      batch: count('batch', 2),
      headBatch: count('head-batch', 10),
    };
    const folder = options['out'] ?? (await mkdtemp(path.join(tmpdir(), 'lofi-tables-')));
    await claimFolder(folder, size);
    const stills = rows.includes('icp') ? await stillEncoder(folder, log) : '';
    const results: RowResult[] = [];
    for (const seed of seeds) {
      const videos = await seedVideos(folder, seed, size);
      for (const row of rows) {
        const file = path.join(folder, `${row}-${seed}.json`);
        const began = performance.now();
        const result =
          (await readJson<RowResult>(file)) ??
          (await measure(row, seed, rowConfig(row, seed, size, stills), videos, folder));
        await writeFile(file, JSON.stringify(result));
        results.push(result);
        await writeFile(path.join(folder, 'table.md'), markdownTable(results));
        const seconds = Math.round((performance.now() - began) / 1000);
        log(`seed ${seed}, ${row}: average mAP ${(result.averageMap * 100).toFixed(2)} % (${seconds} s)`);
      }
    }
    if (options['out'] === undefined) await rm(folder, { recursive: true, force: true });
    const table = rows.map((row) => {
      const values = results.filter((result) => result.row === row).map(({ averageMap }) => averageMap);
      return { row, what: ROWS[row], averageMap: values, ...spread(values) };
    });
    return { unit: 'average mAP .5:.05:.95, fraction', size, rows: table };
  },
};
