/**
 * `bench small-data`: training as a person's first project has it, planned as the studio plans it. Two cases on generated footage: a handful of
 * short labelled videos, and one long video of which the first part was labelled. What is found is measured where nothing was labelled; with
 * several unseen videos, also how well some of them would have chosen between the two models.
 *
 * Options: `--case few,long`, `--frozen` (the head alone), `--seed N` (of footage and training), `--videos N`, `--minutes N`, `--aim speed|balanced|accuracy`, `--set JSON`
 * (training settings by dotted path), `--out FOLDER` (kept).
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { TARGET_CLASSES } from '#core/data/footage/classes';
import { paintFrames, planVideo } from '#core/data/footage/footage';
import type { FootageSubset } from '#core/data/footage/footage';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { encoderByName } from '#core/model/encoder/catalogue';
import { STUDIO_CONFIG } from '#core/train/defaults';
import { tiousOf } from '#core/eval/protocol';
import type { JobVideo, PredictResult, TrainResult } from '#core/train/job';
import { trainRequestSchema } from '#core/contract/invoke';
import { planTraining } from '#service/jobs/plan';
import { contentHash } from '#service/media/file/contentHash';
import { writeVideo } from '#service/media/encode';
import { runJob } from '#worker/runJob';
import * as v from 'valibot';
import { playChoices } from './heldOutChoice.ts';
import type { Benchmark } from './benchmark.ts';

const LABELS = TARGET_CLASSES.slice(0, 4);
const signal = new AbortController().signal;
const FPS = DEFAULT_FOOTAGE.framesPerSecond;

interface Generated extends JobVideo {
  readonly durationSec: number;
}

async function generate(
  folder: string,
  seed: number,
  subset: FootageSubset,
  index: number,
  durationSec: readonly [number, number],
): Promise<Generated> {
  const video = planVideo(seed, subset, index, { ...DEFAULT_FOOTAGE, durationSec }, LABELS);
  const file = path.join(folder, `${video.name}-${Math.round(video.durationSec)}.mp4`);
  if (!existsSync(file)) {
    await writeVideo(file, paintFrames(video), {
      width: video.side,
      height: video.side,
      fps: { num: FPS, den: 1 },
      encoderOptions: { preset: 'veryfast', crf: 14, 'x264-params': 'no-mbtree=1:rc-lookahead=0' },
      gop: 30,
    });
  }
  const { segments, durationSec: length } = video;
  return {
    id: video.name,
    path: file,
    contentHash: await contentHash(file),
    subset,
    segments,
    durationSec: length,
  };
}

interface Case {
  /** With what a person labelled. */
  readonly training: readonly Generated[];
  /** Whole truth of what is predicted on, and from when on it was unseen. */
  readonly unseen: readonly { readonly video: Generated; readonly fromSec: number }[];
}

async function fewVideos(folder: string, seed: number, count: number): Promise<Case> {
  const length = [40, 90] as const;
  const videos = (subset: FootageSubset, many: number): Promise<Generated[]> =>
    Promise.all(Array.from({ length: many }, (_, index) => generate(folder, seed, subset, index, length)));
  const training = await videos('training', count);
  const testing = await videos('testing', 20);
  return { training, unseen: testing.map((video) => ({ video, fromSec: 0 })) };
}

async function longVideo(folder: string, seed: number, minutes: number): Promise<Case> {
  const video = await generate(folder, seed, 'training', 0, [60 * minutes, 60 * minutes + 1]);
  const labelledSec = 0.6 * video.durationSec;
  const training = {
    ...video,
    segments: video.segments.filter((segment) => segment.endSec <= labelledSec),
    covered: [{ startSec: 0, endSec: labelledSec }],
  };
  return { training: [training], unseen: [{ video, fromSec: labelledSec }] };
}

function after<T extends LabelledSegment>(segments: readonly T[], fromSec: number): T[] {
  return segments.filter((segment) => (segment.startSec + segment.endSec) / 2 >= fromSec);
}

/** Share of the true segments of each tenth of a video that some prediction above a score meets at tIoU .5. */
function recallByTenth(video: Generated, found: readonly ScoredSegment[]): number[] {
  return Array.from({ length: 10 }, (_, tenth) => {
    const own = video.segments.filter(
      (segment) => Math.floor((10 * segment.startSec) / video.durationSec) === tenth,
    );
    const met = own.filter((segment) =>
      found.some((each) => {
        const both = Math.min(each.endSec, segment.endSec) - Math.max(each.startSec, segment.startSec);
        const either = Math.max(each.endSec, segment.endSec) - Math.min(each.startSec, segment.startSec);
        return each.score >= 0.2 && each.label === segment.label && both / either >= 0.5;
      }),
    );
    return own.length === 0 ? 1 : Number((met.length / own.length).toFixed(2));
  });
}

interface Settings {
  readonly aim: string;
  readonly expert: unknown;
  readonly tune: boolean;
  readonly seed: number;
}

async function measure(
  name: string,
  folder: string,
  { training, unseen }: Case,
  { aim, expert, tune, seed }: Settings,
  log: (text: string) => void,
): Promise<Record<string, unknown>> {
  const request = v.parse(trainRequestSchema, { aim, expert });
  const { config, choices } = planTraining(
    request,
    null,
    { seconds: () => null, memoryBytes: () => 0 },
    {
      segmentsSec: training.flatMap((video) =>
        video.segments.map(({ startSec, endSec }) => endSec - startSec),
      ),
      videos: training.map(({ durationSec }) => ({
        durationSec,
        framesPerSecond: FPS,
        side: DEFAULT_FOOTAGE.side,
        isTraining: true,
      })),
    },
    encoderByName(STUDIO_CONFIG.encoder),
  );
  for (const text of choices) log(`${name}: ${text}`);
  const folders = { cache: path.join(folder, 'cache'), output: path.join(folder, name) };
  const handle = {
    signal,
    report: (message: { type: string; text?: string }) => {
      if (message.type === 'log') log(`${name}: ${message.text}`);
    },
  };
  const began = performance.now();
  const trained = (await runJob(
    {
      kind: 'train',
      jobId: name,
      config: { ...config, tune, seed },
      labels: LABELS,
      videos: training,
      folders,
      engine: 'onnx',
      resume: true,
    },
    handle,
  )) as TrainResult;
  const seconds = (performance.now() - began) / 1000;
  const rows: Record<string, unknown> = {};
  const foundBy: Record<string, PredictResult['predictions']> = {};
  for (const { variant, folder: model, validation } of trained.models) {
    const { predictions } = (await runJob(
      {
        kind: 'predict',
        jobId: name,
        model,
        videos: unseen.map(({ video }) => video),
        folders,
        engine: 'onnx',
      },
      handle,
    )) as PredictResult;
    const truth = Object.fromEntries(
      unseen.map(({ video, fromSec }) => [video.id, after(video.segments, fromSec)]),
    );
    const found = Object.fromEntries(
      unseen.map(({ video, fromSec }) => [video.id, after(predictions[video.id] ?? [], fromSec)]),
    );
    foundBy[variant] = found;
    const loose = evaluateDetections(truth, found, tiousOf('thumos14'));
    const { averageMap } = evaluateDetections(truth, found, tiousOf('activitynet'));
    rows[variant] = {
      heldOutAverageMap: validation?.averageMap ?? null,
      averageMap,
      averageMapThumos: loose.averageMap,
      ...(unseen.length === 1
        ? { recallByTenth: recallByTenth(unseen[0]!.video, predictions[unseen[0]!.video.id] ?? []) }
        : {}),
    };
  }
  const { frozen, lofi } = foundBy;
  if (unseen.length > 1 && frozen !== undefined && lofi !== undefined) {
    const videos = unseen.map(({ video }) => video);
    rows['choice'] = [1, 2, 4].map((count) => playChoices(videos, frozen, lofi, count));
  }
  return {
    segmentsLabelled: training.reduce((sum, video) => sum + video.segments.length, 0),
    choices,
    seconds,
    kept: trained.kept,
    reason: trained.reason,
    ...rows,
  };
}

export const bench: Benchmark = {
  name: 'small-data',
  summary: 'a handful of labelled videos, and one long one, trained as the studio plans it',
  run: async ({ options, log }) => {
    const folder = options['out'] ?? (await mkdtemp(path.join(tmpdir(), 'lofi-small-data-')));
    await mkdir(folder, { recursive: true });
    const seed = Number(options['seed'] ?? 11);
    const settings: Settings = {
      aim: options['aim'] ?? 'balanced',
      expert: JSON.parse(options['set'] ?? '{}'),
      tune: options['frozen'] === undefined,
      seed,
    };
    const cases = (options['case'] ?? 'few,long').split(',');
    const result: Record<string, unknown> = { unit: 'average mAP, fraction' };
    for (const name of cases) {
      const material =
        name === 'few'
          ? await fewVideos(folder, seed, Number(options['videos'] ?? 5))
          : await longVideo(folder, seed, Number(options['minutes'] ?? 20));
      result[name] = await measure(name, folder, material, settings, log);
      log(JSON.stringify(result[name]));
    }
    if (options['out'] === undefined) await rm(folder, { recursive: true, force: true });
    return result;
  },
};
