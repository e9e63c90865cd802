/**
 * The planner: how a person's videos become snippets, how long to train, and which point of the fidelity budget fits a memory and a time.
 *
 * LoFi trains at a quarter of the pixels, wherever that quarter is taken (Xu et al., NeurIPS 2021, section 3.2). Here the budget is given, and
 * the planner looks over the whole surface of snippets, frames of a snippet, side and batch for the point that keeps most.
 */
import type { DetectorName } from '#core/model/detector';
import { slidingWindows } from '#core/data/windows';
import type { SamplingConfig, TrainConfig } from './config.ts';

/** What is known of the videos and labels before a training. */
export interface Material {
  /** Lengths of the labelled segments in seconds. */
  readonly segmentsSec: readonly number[];
  readonly videos: readonly {
    readonly durationSec: number;
    readonly framesPerSecond: number;
    /** The shorter side of its pictures in pixels. */
    readonly side: number;
    readonly isTraining: boolean;
  }[];
}

/** A configuration and, in words, what was chosen and why. */
export interface Choice {
  readonly config: TrainConfig;
  readonly choices: readonly string[];
}

/** The quantile of ascending numbers, by the nearest rank. */
function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? 0;
}

const seconds = (sec: number): string => `${sec >= 10 ? Math.round(sec) : Number(sec.toPrecision(2))} s`;

/** Snippets that should fall on a short action. */
const PER_ACTION = 4;
/** Time over which an encoder sees a snippet, where actions last that long: what the shipped one was trained with, and TSM's about. */
const SPAN_SEC = 4 / 3;
const SMALLEST_WINDOW = 64;
/** Videos of up to so many snippets go through whole. */
const LARGEST_WHOLE = 256;
/** Time around an action, as a factor; and the part of a window that the second phase of stage 2 trains on, which must hold long actions. */
const SPARE = 1.25;
const WINDOW_DIVISION = 4;
/** Steps that a head takes at once: G-TAD's map grows with the square. */
const LARGEST_WINDOW: Readonly<Record<DetectorName, number>> = {
  'anchor-free': 512,
  tridet: 512,
  'g-tad': 128,
};

/**
 * Snippets from the labels: their interval is at most a quarter of the 10th-percentile segment. Where as many as the configuration has do that
 * for the longest video, every video is spread over them; otherwise snippets follow each other at that interval, in windows.
 */
export function chooseWindowing(config: TrainConfig, material: Material): Choice {
  const lengths = [...material.segmentsSec].sort((a, b) => a - b);
  if (lengths.length === 0 || material.videos.length === 0) return { config, choices: [] };
  const { sampling } = config;
  const short = quantile(lengths, 0.1);
  const longVideo = Math.max(...material.videos.map((video) => video.durationSec));
  const frameSec = 1 / Math.max(...material.videos.map((video) => video.framesPerSecond));
  const quarter = Math.max(short / PER_ACTION, frameSec);
  const spanOf = (interval: number): number => Math.max(interval, Math.min(SPAN_SEC, short));
  const with_ = (next: Partial<SamplingConfig>): TrainConfig => ({
    ...config,
    sampling: { ...sampling, ...next },
  });
  if (longVideo / sampling.snippets <= quarter) {
    const interval = longVideo / sampling.snippets;
    return {
      config: with_({ spanSec: spanOf(interval) }),
      choices: [
        `${sampling.snippets} snippets a video, at most ${seconds(interval)} apart: at least ${PER_ACTION} fall on each of your short actions (${seconds(short)}, 10th percentile).`,
      ],
    };
  }
  const largest = LARGEST_WINDOW[config.detector];
  const longest = lengths.at(-1)!;
  // A window must hold the longest action with some time around it.
  const interval = Math.max(quarter, (SPARE * longest) / largest);
  const whole = Math.ceil(longVideo / interval);
  const most = whole <= LARGEST_WHOLE ? whole : 0;
  const wanted = Math.ceil((SPARE * WINDOW_DIVISION * quantile(lengths, 0.95)) / interval);
  const least = Math.max(SMALLEST_WINDOW, most, wanted, (SPARE * longest) / interval);
  const snippets = Math.min(largest, Math.ceil(least / 16) * 16);
  const isCoarse = interval > quarter * 1.001;
  return {
    config: with_({ mode: 'sliding', intervalSec: interval, spanSec: spanOf(interval), snippets }),
    choices: [
      isCoarse
        ? `Snippets lie ${seconds(interval)} apart: some actions last ${seconds(longest)}, so that a quarter of your short ones (${seconds(short)}) would be too fine for one window.`
        : `Snippets lie ${seconds(interval)} apart, a quarter of your short actions (${seconds(short)}, 10th percentile).`,
      whole <= snippets
        ? `Every video goes through whole: ${whole} snippets at most.`
        : `Videos longer than ${seconds(snippets * interval)} go through in overlapping windows of ${snippets} snippets, and what is found in them is joined.`,
    ],
  };
}

/** Steps that the phases need whatever the number of videos: what the generated footage's hundred videos get. */
const STEPS = { main: 200, windows: 300, warmup: 150, head: 300 } as const;
const VALIDATIONS = 12;

/** Snippets of a step in each phase of stage 2, as on the generated footage: longer sequences make smaller batches, not longer steps. */
const SNIPPETS_PER_STEP = { main: 128, windows: 256 } as const;

/** Batches and epochs from the length and number of sequences: steps teach, not epochs. @param scale of all steps */
export function chooseEpochs(config: TrainConfig, material: Material, scale: number): TrainConfig {
  const { sampling, head } = config;
  const batchOf = (snippets: number, most: number): number =>
    Math.min(most, Math.max(1, Math.round(snippets / sampling.snippets)));
  const lofi = {
    ...config.lofi,
    batch: batchOf(SNIPPETS_PER_STEP.main, config.lofi.batch),
    windowBatch: batchOf(SNIPPETS_PER_STEP.windows, config.lofi.windowBatch),
  };
  const snippetsOf = (durationSec: number): number =>
    sampling.mode === 'resize'
      ? sampling.snippets
      : Math.ceil(durationSec / (sampling.intervalSec ?? durationSec / sampling.snippets));
  const counts = material.videos
    .filter((video) => video.isTraining)
    .map((video) => snippetsOf(video.durationSec));
  const looks = counts.reduce((sum, count) => sum + Math.max(1, Math.round(count / sampling.snippets)), 0);
  const sequences = counts.reduce((sum, count) => sum + slidingWindows(count, sampling.snippets).length, 0);
  if (looks === 0) return config;
  const epochs = (steps: number, batch: number, count: number, fewest: number, most: number): number =>
    Math.min(most, Math.max(fewest, Math.ceil((scale * steps * batch) / count)));
  const headEpochs = epochs(STEPS.head, head.batch, sequences, 10, 150);
  return {
    ...config,
    lofi: {
      ...lofi,
      epochs: epochs(STEPS.main, lofi.batch, looks, 2, 80),
      windowEpochs: lofi.windowEpochs === 0 ? 0 : epochs(STEPS.windows, lofi.windowBatch, looks, 3, 120),
      headWarmupEpochs: epochs(STEPS.warmup, Math.max(4, lofi.batch), sequences, 3, 60),
    },
    head: {
      ...head,
      epochs: headEpochs,
      validateEvery: Math.max(1, Math.round(headEpochs / VALIDATIONS)),
      ...(head.agnosticEpochs === undefined ? {} : { agnosticEpochs: Math.ceil(headEpochs / 4) }),
    },
  };
}

/** What a configuration needs. */
export interface Estimators {
  /** Null while the machine has not been measured. */
  seconds(config: TrainConfig): number | null;
  memoryBytes(config: TrainConfig): number;
}

/** What a training may take; null for as much as there is. */
export interface Budget {
  readonly memoryBytes: number | null;
  readonly seconds: number | null;
}

const SIDES = [224, 192, 160, 128, 112, 96, 80, 64, 48] as const;
const CHUNKS = [null, 16, 8, 4, 2, 1] as const;
const EPOCH_SHARES = [1, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1] as const;
/** What halving each of them costs, against halving the side. Found on the generated footage and in E2E-TAD's table: sides down to 96 lose little. */
const WORTH = { side: 1, frames: 1.2, snippets: 1.5, batch: 0.3, epochs: 1 } as const;

const bytes = (count: number): string =>
  count >= 1e9 ? `${(count / 1e9).toFixed(1)} GB` : `${Math.round(count / 1e6)} MB`;
const minutes = (sec: number): string => (sec < 90 ? `${Math.ceil(sec)} s` : `${Math.round(sec / 60)} min`);
const point = ({ sampling, lofi }: TrainConfig): string =>
  `${sampling.snippets} snippets × ${sampling.framesPerSnippet} frames at ${sampling.side}×${sampling.side}, batch ${lofi.batch}`;

function scaleEpochs(config: TrainConfig, share: number): TrainConfig {
  const scale = (epochs: number): number => Math.max(epochs > 0 ? 1 : 0, Math.round(epochs * share));
  const { lofi, head } = config;
  return {
    ...config,
    lofi: {
      ...lofi,
      epochs: scale(lofi.epochs),
      windowEpochs: scale(lofi.windowEpochs),
      headWarmupEpochs: scale(lofi.headWarmupEpochs),
    },
    head: { ...head, epochs: scale(head.epochs) },
  };
}

interface Candidate {
  readonly config: TrainConfig;
  readonly worth: number;
  readonly share: number;
}

/** Every point of the surface below a configuration, best first. */
function surface(config: TrainConfig): { readonly config: TrainConfig; readonly worth: number }[] {
  const { sampling, lofi } = config;
  const sides = [sampling.side, ...SIDES.filter((side) => side < sampling.side)];
  const halves = (value: number, smallest: number): number[] =>
    [value, Math.round(value / 2)].filter((each, index) => index === 0 || each >= smallest);
  const result: { config: TrainConfig; worth: number }[] = [];
  for (const side of sides) {
    for (const framesPerSnippet of halves(sampling.framesPerSnippet, 4)) {
      for (const snippets of halves(sampling.snippets, SMALLEST_WINDOW)) {
        for (const division of [1, 2, 4]) {
          const batch = Math.max(1, Math.floor(lofi.batch / division));
          const windowBatch = Math.max(1, Math.floor(lofi.windowBatch / division));
          result.push({
            config: {
              ...config,
              sampling: { ...sampling, side, framesPerSnippet, snippets },
              lofi: { ...lofi, batch, windowBatch },
            },
            worth:
              WORTH.side * Math.log2(side / sampling.side) +
              WORTH.frames * Math.log2(framesPerSnippet / sampling.framesPerSnippet) +
              WORTH.snippets * Math.log2(snippets / sampling.snippets) +
              WORTH.batch * Math.log2(batch / lofi.batch),
          });
        }
      }
    }
  }
  return result;
}

/** The point that keeps most within a budget, and what it was chosen over. */
export function fitBudget(config: TrainConfig, budget: Budget, estimate: Estimators): Choice {
  const { memoryBytes, seconds: timeSec } = budget;
  const needs = (each: TrainConfig): string => {
    const time = estimate.seconds(each);
    return `${bytes(estimate.memoryBytes(each))}${time === null ? '' : ` and ${minutes(time)}`}`;
  };
  const choices: string[] = [];
  if (timeSec !== null && estimate.seconds(config) === null) {
    choices.push(
      'How fast this machine trains is not measured yet; until then the time limit cannot be kept.',
    );
  }
  const fits = (each: TrainConfig): boolean =>
    (memoryBytes === null || estimate.memoryBytes(each) <= memoryBytes) &&
    (timeSec === null || (estimate.seconds(each) ?? 0) <= timeSec);
  if (fits(config))
    return { config, choices: [...choices, `Chosen: ${point(config)}; about ${needs(config)}.`] };
  let best: Candidate | null = null;
  for (const { config: each, worth } of surface(config)) {
    const chunk = CHUNKS.filter(
      (size) => size === null || config.lofi.chunkSnippets === null || size < config.lofi.chunkSnippets,
    ).find((size) => memoryBytes === null || estimate.memoryBytes(withChunk(each, size)) <= memoryBytes);
    if (chunk === undefined) continue;
    const chunked = withChunk(each, chunk);
    const share = EPOCH_SHARES.find((part) => fits(scaleEpochs(chunked, part)));
    if (share === undefined) continue;
    const total = worth + WORTH.epochs * Math.log2(share);
    if (best === null || total > best.worth)
      best = { config: scaleEpochs(chunked, share), worth: total, share };
  }
  if (best === null) {
    const least = surface(config).at(-1)!.config;
    const smallest = scaleEpochs(withChunk(least, 1), EPOCH_SHARES.at(-1)!);
    return {
      config: smallest,
      choices: [
        ...choices,
        `Nothing fits: even ${point(smallest)} takes about ${needs(smallest)}. That is what will be tried.`,
      ],
    };
  }
  const limits = [
    ...(memoryBytes === null ? [] : [bytes(memoryBytes)]),
    ...(timeSec === null ? [] : [minutes(timeSec)]),
  ].join(' and ');
  const { chunkSnippets } = best.config.lofi;
  return {
    config: best.config,
    choices: [
      ...choices,
      `Chosen for ${limits}: ${point(best.config)}${best.share < 1 ? `, ${Math.round(100 * best.share)} % of the epochs` : ''}; about ${needs(best.config)}. ${point(config)} would take ${needs(config)}.`,
      ...(chunkSnippets === config.lofi.chunkSnippets
        ? []
        : [
            `Gradients are computed ${chunkSnippets ?? 'as many'} snippets at a time: the same result in less memory.`,
          ]),
    ],
  };
}

const withChunk = (config: TrainConfig, chunkSnippets: number | null): TrainConfig =>
  chunkSnippets === null ? config : { ...config, lofi: { ...config.lofi, chunkSnippets } };
