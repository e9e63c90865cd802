/**
 * The review queue: unreviewed predictions of one model, a page at a time, in three orders, whatever is asked of label and score.
 *
 * Each order walks an index until the page is full. Where few predictions are asked for, those are read whole instead: the counts that
 * are kept beside the predictions tell which way is shorter.
 */
import type { ReviewState } from '#core/contract/info';
import type { Connection, SqlParameters } from './connection.ts';

/** A page of the review queue. */
export interface ReviewQuery {
  readonly offset: number;
  readonly limit: number;
  readonly modelId: string | null;
  readonly labelId: string | null;
  readonly minScore: number;
  readonly order: 'uncertain' | 'score' | 'time';
  /** Without videos that are labelled from end to end. */
  readonly newOnly: boolean;
}

type NumberedQuery = Partial<Omit<ReviewQuery, 'modelId' | 'labelId'>> & {
  readonly model: number;
  readonly label: number | null;
};

/** Pages of row numbers, and counts. */
export interface ReviewQueue {
  page(query: NumberedQuery): { readonly numbers: readonly number[]; readonly total: number };
  counts(model: number): Record<ReviewState, number>;
}

/** The hundredth of score under which a prediction is counted. */
export const hundredthOf = (score: number): number =>
  Math.min(99, Math.max(0, Math.floor(score * 100 + 1e-9)));

/** Where a detector is least certain. */
const EVEN = 0.5;
/** A video counts as labelled from end to end when less than this share is left. */
const WHOLE = 0.999;
const LIVE_LABELS = 'label_no IN (SELECT no FROM labels WHERE removed = 0)';

/** The queue over the `predictions` table. */
export function createReviewQueue(connection: Connection): ReviewQueue {
  const countOf = (sql: string, parameters: SqlParameters): number =>
    connection.get<{ count: number }>(sql, parameters)?.count ?? 0;
  /**
   * Videos whose predictions wait for nobody: removed ones keep theirs, and those of fully labelled ones may not be asked for. Only where
   * there are any does the queue look at each prediction's video. @returns a query of their numbers, or null
   */
  const leftOut = (newOnly: boolean): string | null => {
    const which = newOnly ? `removed = 1 OR covered_share >= ${WHOLE}` : 'removed = 1';
    return connection.get(`SELECT 1 FROM videos WHERE ${which} LIMIT 1`) === undefined
      ? null
      : `SELECT no FROM videos WHERE ${which}`;
  };

  const page = ({
    model,
    label,
    minScore = 0,
    order = 'uncertain',
    newOnly = false,
    limit = 200,
    offset = 0,
  }: NumberedQuery): { numbers: readonly number[]; total: number } => {
    const apart = leftOut(newOnly);
    const which = label === null ? LIVE_LABELS : 'label_no = @label';
    const open = `model_no = @model AND review = 'predicted' AND ${which}${
      apart === null ? '' : ` AND video_no NOT IN (${apart})`
    }`;
    const known = { model, ...(label === null ? {} : { label }) };
    let total = countOf(
      `SELECT coalesce(sum(count), 0) AS count FROM prediction_counts
       WHERE model_no = @model AND review = 'predicted' AND hundredth >= @hundredth AND ${which}`,
      { ...known, hundredth: hundredthOf(minScore) },
    );
    if (apart !== null) {
      total -= countOf(
        `SELECT count(*) AS count FROM predictions INDEXED BY predictions_by_video
         WHERE video_no IN (${apart})
           AND model_no = @model AND review = 'predicted' AND score >= @minScore AND ${which}`,
        { ...known, minScore },
      );
    }
    const byScore = `predictions INDEXED BY ${label === null ? 'predictions_by_score' : 'predictions_of_label'}`;
    const end = limit + offset;
    const numbers = (sql: string, parameters: SqlParameters): number[] =>
      connection
        .all<{ no: number }>(sql, { ...known, minScore, limit, offset, ...parameters })
        .map((row) => row.no);
    const last = 'LIMIT @limit OFFSET @offset';
    switch (order) {
      case 'score':
        return {
          total,
          numbers: numbers(
            `SELECT no FROM ${byScore} WHERE ${open} AND score >= @minScore ORDER BY score DESC ${last}`,
            {},
          ),
        };
      case 'uncertain': {
        // Equal scores stay in the order of the index, so that one page begins where the other ended.
        const above = `SELECT no, score - ${EVEN} AS doubt, 0 AS side, label_no AS first, no AS second FROM ${byScore}
          WHERE ${open} AND score >= max(${EVEN}, @minScore) ORDER BY score LIMIT @end`;
        const below = `SELECT no, ${EVEN} - score, 1, -label_no, -no FROM ${byScore}
          WHERE ${open} AND score >= @minScore AND score < ${EVEN} ORDER BY score DESC LIMIT @end`;
        return {
          total,
          numbers: numbers(
            `SELECT no FROM (SELECT * FROM (${above}) UNION ALL SELECT * FROM (${below})) 
             ORDER BY doubt, side, first, second ${last}`,
            { end },
          ),
        };
      }
      case 'time': {
        const all = countOf(
          "SELECT coalesce(sum(count), 0) AS count FROM prediction_counts WHERE model_no = @model AND review = 'predicted'",
          { model },
        );
        // Reading all that is asked for and sorting it, or walking every video's predictions until the page is full.
        const few = total < (end * all) / Math.max(1, total);
        const from = few ? byScore : 'predictions INDEXED BY predictions_by_video';
        const walk = few ? '' : 'video_no IN (SELECT no FROM videos WHERE removed = 0) AND';
        return {
          total,
          numbers: numbers(
            `SELECT no FROM ${from} WHERE ${walk} ${open} AND score >= @minScore ORDER BY video_no, start_pts ${last}`,
            {},
          ),
        };
      }
    }
  };

  return {
    page,
    counts: (model) => {
      const rows = connection.all<{ review: ReviewState; count: number }>(
        `SELECT review, sum(count) AS count FROM prediction_counts WHERE model_no = @model AND ${LIVE_LABELS} GROUP BY review`,
        { model },
      );
      const counts = { predicted: 0, accepted: 0, rejected: 0, adjusted: 0 };
      for (const { review, count } of rows) counts[review] = count;
      const apart = leftOut(false);
      if (apart !== null) {
        counts.predicted -= countOf(
          `SELECT count(*) AS count FROM predictions INDEXED BY predictions_by_video
           WHERE video_no IN (${apart}) AND model_no = @model AND review = 'predicted' AND ${LIVE_LABELS}`,
          { model },
        );
      }
      return counts;
    },
  };
}
