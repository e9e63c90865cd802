/**
 * The history: every step with its patch, and a journal of when each was done, undone and redone.
 *
 * Steps say what changed; the journal says in which order, so that the document of any past moment can be built.
 */
import type { Connection } from '#service/store/connection';

export function historyTables(connection: Connection): void {
  connection.exec(`
    CREATE TABLE history (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at TEXT NOT NULL,
      annotator TEXT NOT NULL,
      text TEXT NOT NULL,
      video_id TEXT,
      state TEXT NOT NULL CHECK (state IN ('active', 'undone', 'discarded')),
      patch TEXT NOT NULL
    ) STRICT;
    CREATE INDEX history_by_person ON history (annotator, state, id);
    CREATE INDEX history_by_video ON history (video_id, id);

    CREATE TABLE journal (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      at TEXT NOT NULL,
      entry_id INTEGER NOT NULL REFERENCES history (id),
      action TEXT NOT NULL CHECK (action IN ('do', 'undo', 'redo'))
    ) STRICT;
  `);
}
