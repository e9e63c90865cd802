/**
 * A large project: how long opening, editing, lists, review and search take. Full size is 10,000 videos, 1,000,000 segments and
 * 10,000,000 predictions (`--scale 1`); by default a tenth of that.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import Database from 'better-sqlite3';
import { STUDIO_CONFIG } from '#core/train/defaults';
import { createRandom, type Random } from '#core/util/random';
import { applyEdit, applyEdits } from '#service/store/annotate';
import { createProject, openProject, type Store } from '#service/store/store';
import type { Benchmark } from './benchmark.ts';

const LABELS = 50;
const VIDEO_TICKS = 600 * 12_800;
const WORDS =
  'slow fast twice careful unsure blurred left right jump hesitates occluded camera shakes near edge'.split(
    ' ',
  );

interface Size {
  readonly videos: number;
  readonly segments: number;
  readonly predictions: number;
}

/** Fills through SQL: the figures are of reading and editing, not of filling. Counts are set as the store would. */
function fill(dir: string, size: Size, random: Random, log: (text: string) => void): void {
  const store = createProject(dir, 'Large');
  store.videos.add(
    Array.from({ length: size.videos }, (_, index) => ({
      id: `v${index}`,
      path: `/videos/${WORDS[index % WORDS.length]}-${index}.mp4`,
      contentHash: `hash-${index}`,
      bytes: 1,
      codec: 'h264',
      width: 640,
      height: 480,
      durationSec: 600,
      frameCount: 18_000,
      timeBase: { num: 1, den: 12_800 },
      averageRate: { num: 30, den: 1 },
      startPts: 0,
      hasAudio: true,
      playable: true,
      badges: [],
    })),
  );
  const labels = Array.from({ length: LABELS }, (_, index) => ({
    id: `l${index}`,
    name: `${WORDS[index % WORDS.length]} ${index}`,
    colour: '#336699',
    key: null,
    parentId: null,
    description: '',
    ignore: false,
  }));
  applyEdits(store, [{ type: 'add-labels', labels }], { annotator: 'bench' }, 'Labels');
  const model = store.models.add({
    name: 'Model 1',
    variant: 'lofi',
    parentId: null,
    jobId: null,
    labels: labels.map((label) => label.name),
    config: STUDIO_CONFIG,
    bytes: 1,
    validation: null,
    stages: [],
    folder: path.join(dir, 'models', 'none'),
    engine: 'none',
    snapshot: { videos: 0, segments: 0, revision: 0 },
  });
  store.models.use(model.id);
  store.close();

  const raw = new Database(path.join(dir, 'project.sqlite'));
  raw.pragma('synchronous = OFF');
  raw.pragma('cache_size = -500000');
  const segment = raw.prepare(
    `INSERT INTO segments (id, video_no, label_no, start_pts, end_pts, source, state, note, attributes, annotator)
     VALUES (?, ?, ?, ?, ?, 'person', 'labelled', ?, '{}', 'bench')`,
  );
  raw.transaction(() => {
    for (let index = 0; index < size.segments; index += 1) {
      const start = random.integer(VIDEO_TICKS - 100_000);
      const note =
        index % 10 === 0
          ? `${WORDS[random.integer(WORDS.length)]} ${WORDS[random.integer(WORDS.length)]} ${index}`
          : '';
      segment.run(
        `s${index}`,
        1 + (index % size.videos),
        1 + random.integer(LABELS),
        start,
        start + 1 + random.integer(90_000),
        note,
      );
    }
  })();
  log(`${size.segments} segments`);
  const prediction = raw.prepare(
    'INSERT INTO predictions (video_no, model_no, label_no, start_pts, end_pts, score) VALUES (?, 1, ?, ?, ?, ?)',
  );
  const perVideo = Math.ceil(size.predictions / size.videos);
  raw.transaction(() => {
    for (let index = 0; index < size.predictions; index += 1) {
      const start = random.integer(VIDEO_TICKS - 100_000);
      const score = random.next() ** 2;
      prediction.run(
        1 + Math.floor(index / perVideo),
        1 + random.integer(LABELS),
        start,
        start + 1 + random.integer(90_000),
        score,
      );
    }
    raw.exec(`INSERT INTO prediction_counts SELECT model_no, label_no, review, min(99, CAST(score * 100 AS INTEGER)), count(*)
      FROM predictions GROUP BY 1, 2, 3, 4;
      INSERT INTO video_predictions SELECT model_no, video_no, count(*) FROM predictions GROUP BY 1, 2;`);
  })();
  raw.close();
  log(`${size.predictions} predictions`);
  // What the store itself does at closing.
  openProject(dir).close();
}

interface Figure {
  readonly medianMs: number;
  readonly p95Ms: number;
}

function measure(runs: number, body: (run: number) => unknown): Figure {
  const times = Array.from({ length: runs }, (_, run) => {
    const start = performance.now();
    body(run);
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round((times[Math.min(runs - 1, Math.floor(runs * share))] ?? 0) * 100) / 100;
  return { medianMs: at(0.5), p95Ms: at(0.95) };
}

function figures(dir: string, size: Size, random: Random): Record<string, Figure | number> {
  const open: number[] = [];
  let store: Store | null = null;
  for (let run = 0; run < 3; run += 1) {
    const start = performance.now();
    store = openProject(dir);
    store.info();
    store.videos.list({ limit: 200 });
    store.document.labelInfos();
    open.push(performance.now() - start);
    if (run < 2) store.close();
  }
  if (store === null) throw new Error('unreachable');
  const project = store;
  const { document, predictions, videos, history } = project;
  const videoId = (): string => `v${random.integer(size.videos)}`;
  const me = { annotator: 'bench' };
  // A kept project was edited by earlier runs; these edits are new ones.
  const first = history.revision();
  const add = (run: number): unknown =>
    applyEdit(
      project,
      {
        type: 'add-segments',
        segments: [
          {
            id: `new${first + run}`,
            videoId: videoId(),
            labelId: 'l1',
            startPts: 1000,
            endPts: 2000,
            note: '',
            attributes: {},
          },
        ],
      },
      me,
    );
  const result = {
    openProject: Math.round(Math.max(...open)),
    segmentsOfVideo: measure(200, () => document.segmentsOfVideo(videoId())),
    predictionsOfVideo: measure(100, () => predictions.ofVideo(videoId(), null, 0)),
    videoPageByName: measure(20, (run) => videos.list({ offset: run * 50, limit: 200 })),
    videoPageByPredictions: measure(20, () =>
      videos.list({ sort: 'predictions', descending: true, limit: 200 }),
    ),
    videoSearch: measure(20, () => videos.list({ search: 'jump-1', limit: 200 })),
    reviewFirstPageUncertain: measure(30, () => predictions.queue({ limit: 200 })),
    reviewFirstPageScore: measure(30, () => predictions.queue({ limit: 200, order: 'score', minScore: 0.3 })),
    reviewFirstPageTime: measure(30, () => predictions.queue({ limit: 200, order: 'time' })),
    reviewOfLabel: measure(30, (run) => predictions.queue({ limit: 200, labelId: `l${run % LABELS}` })),
    reviewOfLabelMinScore: measure(30, (run) =>
      predictions.queue({ limit: 200, labelId: `l${run % LABELS}`, minScore: 0.5 }),
    ),
    reviewOfLabelBest: measure(30, (run) =>
      predictions.queue({ limit: 200, labelId: `l${run % LABELS}`, minScore: 0.99 }),
    ),
    reviewTimeBest: measure(30, () => predictions.queue({ limit: 200, order: 'time', minScore: 0.99 })),
    reviewTimeOfLabel: measure(30, (run) =>
      predictions.queue({ limit: 200, order: 'time', labelId: `l${run % LABELS}` }),
    ),
    reviewPageFar: measure(20, () => predictions.queue({ limit: 200, offset: 50_000 })),
    reviewCounts: measure(30, () => predictions.counts(null)),
    searchLabel: measure(20, () => document.search('hesit', 0, 200)),
    searchNote: measure(20, (run) => document.search(`blurred ${WORDS[run % WORDS.length] ?? ''}`, 0, 200)),
    searchShort: measure(5, () => document.search('zz', 0, 200)),
    editDurable: measure(300, add),
    moveDurable: measure(300, (run) =>
      applyEdit(
        project,
        { type: 'change-segments', changes: [{ id: `s${run}`, endPts: VIDEO_TICKS - first - run }] },
        me,
      ),
    ),
    undo: measure(200, () => history.undo('bench')),
    redo: measure(200, () => history.redo('bench')),
    historyPage: measure(20, () => history.list(null, 0, 200)),
    acceptPrediction: measure(100, (run) =>
      applyEdit(
        project,
        { type: 'review', decisions: [{ predictionId: `p${first + run + 1}`, decision: 'accept' }] },
        me,
      ),
    ),
  };
  project.close();
  return result;
}

/** `bench store [--scale 0.1] [--keep DIR]` */
export const bench: Benchmark = {
  name: 'store',
  summary: 'a large project: opening, lists, review, search, durable edits (milliseconds)',
  run: async (context) => {
    const { options } = context;
    const log = (text: string): void => context.log(text);
    const scale = Number(options['scale'] ?? 0.1);
    const size: Size = {
      videos: Math.max(10, Math.round(10_000 * scale)),
      segments: Math.round(1_000_000 * scale),
      predictions: Math.round(10_000_000 * scale),
    };
    const kept = options['keep'];
    const dir = kept ?? fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-bench-store-'));
    const random = createRandom(1);
    try {
      const project = path.join(dir, 'project');
      if (!fs.existsSync(project)) fill(project, size, random, log);
      const bytes = fs.statSync(path.join(project, 'project.sqlite')).size;
      const measured = figures(project, size, random);
      return {
        ...size,
        databaseBytes: bytes,
        unit: 'ms',
        ...measured,
        peakRssBytes: process.resourceUsage().maxRSS * 1024,
      };
    } finally {
      if (kept === undefined) fs.rmSync(dir, { recursive: true, force: true });
    }
  },
};
