/**
 * Predictions: what models proposed and what people decided about it. Millions of rows, so lists read indexes and counts are kept.
 */
import type { PredictionRecord, ReviewRecord } from '#core/annotation/document';
import type { DocumentPatch } from '#core/annotation/patch';
import type { Page, PredictionInfo, ReviewState } from '#core/contract/info';
import { StudioError } from '#core/contract/errors';
import { ptsToSeconds } from './seconds.ts';
import type { Connection } from './connection.ts';
import type { MetaTable } from './meta.ts';
import { createReviewQueue, hundredthOf, type ReviewQuery } from './reviewQueue.ts';

/** A prediction as a job hands it over. */
export interface NewPrediction {
  readonly labelId: string;
  readonly startPts: number;
  readonly endPts: number;
  readonly score: number;
  readonly startDeviationSec?: number | null;
  readonly endDeviationSec?: number | null;
}

interface PredictionRow {
  readonly no: number;
  readonly video_id: string;
  readonly model_id: string;
  readonly label_id: string;
  readonly start_pts: number;
  readonly end_pts: number;
  readonly score: number;
  readonly start_deviation_sec: number | null;
  readonly end_deviation_sec: number | null;
  readonly review: ReviewState;
  readonly reviewed_by: string | null;
  readonly reviewed_at: string | null;
  readonly segment_id: string | null;
  readonly video_start_pts: number;
  readonly time_base_num: number;
  readonly time_base_den: number;
}

/** Reads and writes of the table. */
export interface PredictionTable {
  /** Replaces the model's unreviewed predictions of one video; reviewed ones stay and are not proposed again. @returns how many were added */
  replace(videoId: string, modelId: string, predictions: readonly NewPrediction[]): number;
  /** Of one video, in order of their start. `modelId` null: the model in use. */
  ofVideo(videoId: string, modelId: string | null, minScore: number): PredictionInfo[];
  queue(query: Partial<ReviewQuery>): Page<PredictionInfo>;
  /** Counts by review of one model; null: the model in use. */
  counts(modelId: string | null): Readonly<Record<ReviewState, number>>;
  /** Whether the model has predicted on the video, even if it found nothing. */
  hasRun(videoId: string, modelId: string): boolean;
  /** Ids of the videos in which a person rejected something. */
  videosWithRejected(): ReadonlySet<string>;
  countOfModel(modelId: string): number;
  countOfLabel(labelId: string): number;
  record(id: string): PredictionRecord | undefined;
  recordOfSegment(segmentId: string): PredictionRecord | undefined;
  writeReviews(changes: DocumentPatch['reviews']): void;
  removeUnreviewed(modelId: string): void;
}

const SELECT = `SELECT p.*, v.id AS video_id, m.id AS model_id, l.id AS label_id, v.start_pts AS video_start_pts,
    v.time_base_num, v.time_base_den
  FROM predictions p JOIN videos v ON v.no = p.video_no JOIN models m ON m.no = p.model_no JOIN labels l ON l.no = p.label_no`;

const publicId = (no: number): string => `p${no}`;
const numberOf = (id: string): number => (/^p\d+$/.test(id) ? Number(id.slice(1)) : -1);

function toInfo(row: PredictionRow): PredictionInfo {
  const clock = {
    startPts: row.video_start_pts,
    timeBase: { num: row.time_base_num, den: row.time_base_den },
  };
  return {
    id: publicId(row.no),
    videoId: row.video_id,
    modelId: row.model_id,
    labelId: row.label_id,
    startPts: row.start_pts,
    endPts: row.end_pts,
    startSec: ptsToSeconds(row.start_pts, clock),
    endSec: ptsToSeconds(row.end_pts, clock),
    score: row.score,
    startDeviationSec: row.start_deviation_sec,
    endDeviationSec: row.end_deviation_sec,
    review: row.review,
    reviewedBy: row.reviewed_by,
    reviewedAt: row.reviewed_at,
    segmentId: row.segment_id,
  };
}

function toRecord(row: PredictionRow): PredictionRecord {
  const {
    id,
    videoId,
    modelId,
    labelId,
    startPts,
    endPts,
    score,
    review,
    reviewedBy,
    reviewedAt,
    segmentId,
  } = toInfo(row);
  return {
    id,
    videoId,
    modelId,
    labelId,
    startPts,
    endPts,
    score,
    review,
    reviewedBy,
    reviewedAt,
    segmentId,
  };
}

/** Key of the highest number that a prediction ever had. */
const LAST_NUMBER = 'lastPrediction';

/** The `predictions` table and its counts. */
export function createPredictionTable(connection: Connection, meta: MetaTable): PredictionTable {
  const numbers = (table: 'videos' | 'models' | 'labels', id: string): number => {
    const row = connection.get<{ no: number }>(`SELECT no FROM ${table} WHERE id = @id`, { id });
    if (row === undefined)
      throw new StudioError('not-found', `There is no ${table.slice(0, -1)} ${id} in this project.`, { id });
    return row.no;
  };
  /** −1 when there is no model in use. */
  const modelNumber = (modelId: string | null): number =>
    modelId === null
      ? (connection.get<{ no: number }>('SELECT no FROM models WHERE current = 1')?.no ?? -1)
      : (connection.get<{ no: number }>('SELECT no FROM models WHERE id = @modelId', { modelId })?.no ?? -1);
  const review = createReviewQueue(connection);
  const bump = (model: number, label: number, review: string, hundredth: number, count: number): void => {
    connection.run(
      `INSERT INTO prediction_counts (model_no, label_no, review, hundredth, count) VALUES (@model, @label, @review, @hundredth, @count)
       ON CONFLICT DO UPDATE SET count = count + excluded.count`,
      { model, label, review, hundredth, count },
    );
  };
  const bumpOpen = (model: number, video: number, open: number): void => {
    connection.run(
      `INSERT INTO video_predictions (model_no, video_no, open) VALUES (@model, @video, @open)
       ON CONFLICT DO UPDATE SET open = open + excluded.open`,
      { model, video, open },
    );
  };
  /** Numbers are never given twice: the history names predictions that may be gone. */
  const lastNumber = (): number =>
    Math.max(
      meta.get<number>(LAST_NUMBER) ?? 0,
      connection.get<{ no: number | null }>('SELECT max(no) AS no FROM predictions')?.no ?? 0,
    );
  const replace = (videoId: string, modelId: string, predictions: readonly NewPrediction[]): number => {
    const video = numbers('videos', videoId);
    const model = numbers('models', modelId);
    const labels = new Map<string, number>();
    const labelNumber = (id: string): number => {
      const known = labels.get(id) ?? numbers('labels', id);
      labels.set(id, known);
      return known;
    };
    const counts = new Map<string, number>();
    const count = (label: number, score: number, delta: number): void => {
      const key = `${label}/${hundredthOf(score)}`;
      counts.set(key, (counts.get(key) ?? 0) + delta);
    };
    const old = connection.all<{ label_no: number; score: number }>(
      "SELECT label_no, score FROM predictions WHERE video_no = @video AND model_no = @model AND review = 'predicted'",
      { video, model },
    );
    for (const { label_no, score } of old) count(label_no, score, -1);
    connection.run(
      "DELETE FROM predictions WHERE video_no = @video AND model_no = @model AND review = 'predicted'",
      {
        video,
        model,
      },
    );
    const reviewed = new Set(
      connection
        .all<{ label_no: number; start_pts: number; end_pts: number }>(
          'SELECT label_no, start_pts, end_pts FROM predictions WHERE video_no = @video AND model_no = @model',
          { video, model },
        )
        .map((row) => `${row.label_no}/${row.start_pts}/${row.end_pts}`),
    );
    let added = 0;
    let no = lastNumber();
    for (const prediction of predictions) {
      const label = labelNumber(prediction.labelId);
      if (reviewed.has(`${label}/${prediction.startPts}/${prediction.endPts}`)) continue;
      connection.run(
        `INSERT INTO predictions (no, video_no, model_no, label_no, start_pts, end_pts, score, start_deviation_sec, end_deviation_sec)
         VALUES (@no, @video, @model, @label, @startPts, @endPts, @score, @startDeviation, @endDeviation)`,
        {
          no: (no += 1),
          video,
          model,
          label,
          startPts: prediction.startPts,
          endPts: prediction.endPts,
          score: prediction.score,
          startDeviation: prediction.startDeviationSec ?? null,
          endDeviation: prediction.endDeviationSec ?? null,
        },
      );
      count(label, prediction.score, 1);
      added += 1;
    }
    for (const [key, delta] of counts) {
      const [label, hundredth] = key.split('/').map(Number);
      if (delta !== 0) bump(model, label ?? 0, 'predicted', hundredth ?? 0, delta);
    }
    bumpOpen(model, video, added - old.length);
    meta.set(LAST_NUMBER, no);
    return added;
  };
  const writeReview = (id: string, after: ReviewRecord): void => {
    const row = connection.get<PredictionRow & { model_no: number; label_no: number; video_no: number }>(
      'SELECT * FROM predictions WHERE no = @no',
      { no: numberOf(id) },
    );
    if (row === undefined)
      throw new StudioError('not-found', `There is no prediction ${id} in this project.`, { id });
    connection.run(
      'UPDATE predictions SET review = @review, reviewed_by = @by, reviewed_at = @at, segment_id = @segmentId WHERE no = @no',
      {
        no: row.no,
        review: after.review,
        by: after.reviewedBy,
        at: after.reviewedAt,
        segmentId: after.segmentId,
      },
    );
    if (row.review !== after.review) {
      bump(row.model_no, row.label_no, row.review, hundredthOf(row.score), -1);
      bump(row.model_no, row.label_no, after.review, hundredthOf(row.score), 1);
      const open = Number(after.review === 'predicted') - Number(row.review === 'predicted');
      if (open !== 0) bumpOpen(row.model_no, row.video_no, open);
    }
  };
  return {
    replace: (videoId, modelId, predictions) =>
      connection.transaction(() => replace(videoId, modelId, predictions)),
    ofVideo: (videoId, modelId, minScore) =>
      connection
        .all<PredictionRow>(
          `${SELECT} WHERE p.video_no = (SELECT no FROM videos WHERE id = @videoId) AND p.model_no = @model
             AND p.score >= @minScore AND l.removed = 0 ORDER BY p.start_pts, p.no`,
          { videoId, model: modelNumber(modelId), minScore },
        )
        .map(toInfo),
    queue: (query) => {
      const { numbers: page, total } = review.page({
        ...query,
        model: modelNumber(query.modelId ?? null),
        label: query.labelId == null ? null : numbers('labels', query.labelId),
      });
      const rows = connection.all<PredictionRow>(
        `${SELECT} WHERE p.no IN (SELECT value FROM json_each(@page))`,
        { page: JSON.stringify(page) },
      );
      const byNumber = new Map(rows.map((row) => [row.no, toInfo(row)]));
      return { total, items: page.flatMap((no) => byNumber.get(no) ?? []) };
    },
    counts: (modelId) => {
      return review.counts(modelNumber(modelId));
    },
    hasRun: (videoId, modelId) =>
      connection.get(
        `SELECT 1 FROM video_predictions WHERE video_no = (SELECT no FROM videos WHERE id = @videoId)
           AND model_no = (SELECT no FROM models WHERE id = @modelId)`,
        { videoId, modelId },
      ) !== undefined,
    videosWithRejected: () =>
      new Set(
        connection
          .all<{ id: string }>(
            `SELECT id FROM videos WHERE removed = 0
             AND no IN (SELECT video_no FROM predictions WHERE review = 'rejected')`,
            {},
          )
          .map(({ id }) => id),
      ),
    countOfModel: (modelId) =>
      connection.get<{ count: number }>(
        `SELECT coalesce(sum(count), 0) AS count FROM prediction_counts
         WHERE model_no = (SELECT no FROM models WHERE id = @modelId)`,
        { modelId },
      )?.count ?? 0,
    countOfLabel: (labelId) =>
      connection.get<{ count: number }>(
        `SELECT coalesce(sum(count), 0) AS count FROM prediction_counts
         WHERE label_no = (SELECT no FROM labels WHERE id = @labelId)`,
        { labelId },
      )?.count ?? 0,
    record: (id) => {
      const row = connection.get<PredictionRow>(`${SELECT} WHERE p.no = @no`, { no: numberOf(id) });
      return row === undefined ? undefined : toRecord(row);
    },
    recordOfSegment: (segmentId) => {
      const row = connection.get<PredictionRow>(`${SELECT} WHERE p.segment_id = @segmentId`, { segmentId });
      return row === undefined ? undefined : toRecord(row);
    },
    writeReviews: (changes) => {
      for (const { id, after } of changes) {
        writeReview(
          id,
          after ?? { review: 'predicted', reviewedBy: null, reviewedAt: null, segmentId: null },
        );
      }
    },
    removeUnreviewed: (modelId) => {
      const model = numbers('models', modelId);
      connection.transaction(() => {
        connection.run("DELETE FROM predictions WHERE model_no = @model AND review = 'predicted'", { model });
        connection.run("DELETE FROM prediction_counts WHERE model_no = @model AND review = 'predicted'", {
          model,
        });
        connection.run('DELETE FROM video_predictions WHERE model_no = @model', { model });
      });
    },
  };
}
