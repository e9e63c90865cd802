/**
 * Models, predictions, jobs and metrics.
 *
 * A prediction's public id is `p` and its row number. `doubt` is |score − 0.5|: the review queue's default order. Counts of predictions
 * by model, label, review and hundredth of score are kept beside them, so that no list counts millions of rows.
 */
import type { Connection } from '#service/store/connection';

export function workTables(connection: Connection): void {
  connection.exec(`
    CREATE TABLE models (
      no INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      version INTEGER NOT NULL,
      variant TEXT NOT NULL CHECK (variant IN ('frozen', 'lofi')),
      parent_id TEXT,
      job_id TEXT,
      detector TEXT NOT NULL,
      labels TEXT NOT NULL,
      config TEXT NOT NULL,
      created_at TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      validation TEXT,
      stages TEXT NOT NULL,
      folder TEXT NOT NULL,
      snapshot TEXT NOT NULL,
      engine TEXT NOT NULL,
      current INTEGER NOT NULL DEFAULT 0,
      removed INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE predictions (
      no INTEGER PRIMARY KEY,
      video_no INTEGER NOT NULL REFERENCES videos (no),
      model_no INTEGER NOT NULL REFERENCES models (no),
      label_no INTEGER NOT NULL REFERENCES labels (no),
      start_pts INTEGER NOT NULL,
      end_pts INTEGER NOT NULL,
      score REAL NOT NULL,
      doubt REAL NOT NULL,
      start_deviation_sec REAL,
      end_deviation_sec REAL,
      review TEXT NOT NULL DEFAULT 'predicted' CHECK (review IN ('predicted', 'accepted', 'rejected', 'adjusted')),
      reviewed_by TEXT,
      reviewed_at TEXT,
      segment_id TEXT
    ) STRICT;
    CREATE INDEX predictions_by_video ON predictions (video_no, model_no, start_pts);
    CREATE INDEX predictions_to_review ON predictions (model_no, doubt, label_no, score) WHERE review = 'predicted';
    CREATE INDEX predictions_by_score ON predictions (model_no, score, label_no) WHERE review = 'predicted';
    CREATE INDEX predictions_by_segment ON predictions (segment_id) WHERE segment_id IS NOT NULL;

    CREATE TABLE prediction_counts (
      model_no INTEGER NOT NULL,
      label_no INTEGER NOT NULL,
      review TEXT NOT NULL,
      hundredth INTEGER NOT NULL,
      count INTEGER NOT NULL,
      PRIMARY KEY (model_no, label_no, review, hundredth)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE video_predictions (
      model_no INTEGER NOT NULL,
      video_no INTEGER NOT NULL,
      open INTEGER NOT NULL,
      PRIMARY KEY (model_no, video_no)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE jobs (
      no INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      title TEXT NOT NULL,
      state TEXT NOT NULL,
      priority INTEGER NOT NULL,
      request TEXT NOT NULL,
      folder TEXT,
      checkpoint TEXT,
      progress TEXT,
      error TEXT,
      remedy TEXT,
      engine TEXT,
      created_at TEXT NOT NULL,
      started_at TEXT,
      ended_at TEXT
    ) STRICT;
    CREATE INDEX jobs_by_state ON jobs (state, priority DESC, no);

    CREATE TABLE metrics (
      job_no INTEGER NOT NULL REFERENCES jobs (no),
      series TEXT NOT NULL,
      name TEXT NOT NULL,
      step INTEGER NOT NULL,
      value REAL,
      PRIMARY KEY (job_no, series, name, step)
    ) STRICT, WITHOUT ROWID;
  `);
}
