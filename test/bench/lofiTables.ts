/**
 * `bench lofi-tables`: the paper's Tables 1 and 2 on generated footage (Xu et al., NeurIPS 2021): what each way to prepare the encoder gives the
 * same head at full fidelity.
 *
 * Options: `--rows acp,acp+,s,…`, `--seeds 1,2,3`, `--training N`, `--testing N`, `--epochs N`, `--out FOLDER` (kept). All rows and three seeds
 * take hours on two cores; finished rows are kept in the folder and not computed again.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeFootage } from '#cli/demo/footageFiles';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiousOf } from '#core/eval/protocol';
import type { TrainConfig } from '#core/train/config';
import { DEMO_CONFIG } from '#core/train/defaults';
import type { JobVideo, PredictResult, TrainResult } from '#core/train/job';
import { contentHash } from '#service/media/contentHash';
import { runJob } from '#worker/runJob';
import type { Benchmark } from './benchmark.ts';
import { spread } from './demoSeeds.ts';

/** Rows in the paper's order; `full` is chunked back-propagation at full fidelity, which the paper could not do. */
export const ROWS = [
  'acp',
  'acp+',
  's',
  't',
  'st',
  'short-cyclic',
  'long-cyclic',
  's-then-windows',
  'full',
] as const;
type Row = (typeof ROWS)[number];

/** The configuration of a row: only stage 2 differs. */
export function rowConfig(row: Row, seed: number, epochs: number): TrainConfig {
  const base = { ...DEMO_CONFIG, seed };
  if (row === 'acp') return { ...base, tune: false };
  if (row === 'acp+') {
    const optimiser = { ...base.lofi.encoder, learningRate: 5e-4 };
    return {
      ...base,
      tune: false,
      targetClassification: { steps: 25 * epochs, clipsPerStep: 32, optimiser },
    };
  }
  const lofi =
    row === 's-then-windows' ? base.lofi : { ...base.lofi, schedule: row, epochs, windowEpochs: 0 };
  return { ...base, lofi, baseline: false };
}

const signal = new AbortController().signal;

async function measure(
  row: Row,
  seed: number,
  folder: string,
  options: Readonly<Record<string, string>>,
): Promise<number> {
  const file = path.join(folder, `${row}-${seed}.json`);
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known !== null) return (JSON.parse(known) as { averageMap: number }).averageMap;
  const counts = {
    training: Number(options['training'] ?? 100),
    validation: Number(options['validation'] ?? 20),
    testing: Number(options['testing'] ?? 60),
  };
  const files = await writeFootage(path.join(folder, `videos-${seed}`), seed, counts, {
    signal,
    progress: () => undefined,
  });
  const videos: JobVideo[] = await Promise.all(
    files.map(async (video) => ({ ...video, id: video.name, contentHash: await contentHash(video.path) })),
  );
  const folders = { cache: path.join(folder, `cache-${seed}`), output: path.join(folder, `${row}-${seed}`) };
  const config = rowConfig(row, seed, Number(options['epochs'] ?? 16));
  const labels = [...TARGET_CLASSES];
  const handle = { signal, report: () => undefined };
  const job = {
    kind: 'train',
    jobId: row,
    config,
    labels,
    videos,
    folders,
    engine: 'auto',
    resume: true,
  } as const;
  const trained = (await runJob(job, handle)) as TrainResult;
  const testing = videos.filter((video) => video.subset === 'testing');
  const model = trained.models[0]!.folder;
  const found = (await runJob(
    { kind: 'predict', jobId: row, model, videos: testing, folders, engine: 'auto' },
    handle,
  )) as PredictResult;
  const truth = Object.fromEntries(testing.map((video) => [video.id, [...video.segments]]));
  const predictions = Object.fromEntries(
    Object.entries(found.predictions).map(([id, list]) => [id, [...list]]),
  );
  const { averageMap, map } = evaluateDetections(truth, predictions, tiousOf('activitynet'));
  await writeFile(file, JSON.stringify({ row, seed, averageMap, map, stages: trained.stages }));
  return averageMap;
}

export const bench: Benchmark = {
  name: 'lofi-tables',
  summary:
    'the paper’s tables on generated footage: pre-training kinds and LoFi configurations, mean ± spread over seeds',
  run: async ({ options, log }) => {
    const rows =
      options['rows']?.split(',').filter((row): row is Row => (ROWS as readonly string[]).includes(row)) ??
      ROWS;
    const seeds = (options['seeds'] ?? '1,2,3').split(',').map(Number);
    const folder = options['out'] ?? (await mkdtemp(path.join(tmpdir(), 'lofi-tables-')));
    await mkdir(folder, { recursive: true });
    const table: Record<string, unknown>[] = [];
    for (const row of rows) {
      const values: number[] = [];
      for (const seed of seeds) values.push(await measure(row, seed, folder, options));
      table.push({ row, averageMap: values, ...spread(values) });
      log(`${row}: ${JSON.stringify(table.at(-1))}`);
    }
    if (options['out'] === undefined) await rm(folder, { recursive: true, force: true });
    return { unit: 'average mAP .5:.05:.95, fraction', rows: table };
  },
};
