/**
 * Videos, labels, segments and covered ranges.
 *
 * Public ids are text; rows are joined by small integers, so that millions of segments stay small. Labels and videos that a person
 * removed keep their row (`removed`), because the history may bring them back. Counts are kept by triggers.
 */
import type { Connection } from '#service/store/connection';

export function projectTables(connection: Connection): void {
  connection.exec(`
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE videos (
      no INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      path TEXT NOT NULL,
      relative_path TEXT NOT NULL,
      content_hash TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      codec TEXT NOT NULL,
      width INTEGER NOT NULL,
      height INTEGER NOT NULL,
      duration_sec REAL NOT NULL,
      frame_count INTEGER NOT NULL,
      time_base_num INTEGER NOT NULL,
      time_base_den INTEGER NOT NULL,
      average_rate_num INTEGER NOT NULL,
      average_rate_den INTEGER NOT NULL,
      start_pts INTEGER NOT NULL,
      end_pts INTEGER NOT NULL,
      has_audio INTEGER NOT NULL,
      playable INTEGER NOT NULL,
      badges TEXT NOT NULL,
      subset TEXT NOT NULL CHECK (subset IN ('training', 'validation', 'testing')),
      covered_share REAL NOT NULL DEFAULT 0,
      segment_count INTEGER NOT NULL DEFAULT 0,
      added_at TEXT NOT NULL,
      removed INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX videos_by_hash ON videos (content_hash);
    CREATE INDEX videos_by_name ON videos (name COLLATE NOCASE, no) WHERE removed = 0;

    CREATE TABLE labels (
      no INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      colour TEXT NOT NULL,
      key TEXT,
      position INTEGER NOT NULL,
      parent_id TEXT,
      description TEXT NOT NULL,
      ignore INTEGER NOT NULL,
      segment_count INTEGER NOT NULL DEFAULT 0,
      removed INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    CREATE TABLE segments (
      no INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      video_no INTEGER NOT NULL REFERENCES videos (no),
      label_no INTEGER NOT NULL REFERENCES labels (no),
      start_pts INTEGER NOT NULL,
      end_pts INTEGER NOT NULL,
      source TEXT NOT NULL CHECK (source IN ('person', 'model', 'import')),
      state TEXT NOT NULL CHECK (state IN ('labelled', 'accepted', 'adjusted')),
      score REAL,
      model_id TEXT,
      former_start_pts INTEGER,
      former_end_pts INTEGER,
      note TEXT NOT NULL,
      attributes TEXT NOT NULL,
      annotator TEXT NOT NULL,
      CHECK (start_pts <= end_pts)
    ) STRICT;
    CREATE INDEX segments_by_video ON segments (video_no, start_pts);
    CREATE INDEX segments_by_label ON segments (label_no);

    CREATE TRIGGER segments_added AFTER INSERT ON segments BEGIN
      UPDATE videos SET segment_count = segment_count + 1 WHERE no = new.video_no;
      UPDATE labels SET segment_count = segment_count + 1 WHERE no = new.label_no;
    END;
    CREATE TRIGGER segments_deleted AFTER DELETE ON segments BEGIN
      UPDATE videos SET segment_count = segment_count - 1 WHERE no = old.video_no;
      UPDATE labels SET segment_count = segment_count - 1 WHERE no = old.label_no;
    END;
    CREATE TRIGGER segments_relabelled AFTER UPDATE OF label_no ON segments WHEN old.label_no <> new.label_no BEGIN
      UPDATE labels SET segment_count = segment_count - 1 WHERE no = old.label_no;
      UPDATE labels SET segment_count = segment_count + 1 WHERE no = new.label_no;
    END;

    CREATE TABLE covered (
      video_no INTEGER NOT NULL REFERENCES videos (no),
      start_pts INTEGER NOT NULL,
      end_pts INTEGER NOT NULL,
      PRIMARY KEY (video_no, start_pts),
      CHECK (start_pts < end_pts)
    ) STRICT, WITHOUT ROWID;
  `);
}
