/**
 * Full-text search over notes, by trigrams: parts of words are found in every script.
 *
 * Only segments with a note are indexed.
 */
import type { Connection } from '#service/store/connection';

export function searchTables(connection: Connection): void {
  connection.exec(`
    CREATE VIRTUAL TABLE notes USING fts5 (note, content = 'segments', content_rowid = 'no', tokenize = 'trigram');
    CREATE INDEX segments_with_note ON segments (no) WHERE note <> '';
    CREATE TRIGGER notes_added AFTER INSERT ON segments WHEN new.note <> '' BEGIN
      INSERT INTO notes (rowid, note) VALUES (new.no, new.note);
    END;
    CREATE TRIGGER notes_deleted AFTER DELETE ON segments WHEN old.note <> '' BEGIN
      INSERT INTO notes (notes, rowid, note) VALUES ('delete', old.no, old.note);
    END;
    CREATE TRIGGER notes_left AFTER UPDATE OF note ON segments WHEN old.note <> '' AND old.note IS NOT new.note BEGIN
      INSERT INTO notes (notes, rowid, note) VALUES ('delete', old.no, old.note);
    END;
    CREATE TRIGGER notes_came AFTER UPDATE OF note ON segments WHEN new.note <> '' AND old.note IS NOT new.note BEGIN
      INSERT INTO notes (rowid, note) VALUES (new.no, new.note);
    END;
  `);
}
