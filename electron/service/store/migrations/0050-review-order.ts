/**
 * Indexes of the review queue that hold for rare labels and high scores too.
 *
 * "Least certain first" is score order from .5 in both directions, so an index by score serves it and the stored |score − .5| goes.
 */
import type { Connection } from '#service/store/connection';

export function reviewOrder(connection: Connection): void {
  connection.exec(`
    DROP INDEX predictions_to_review;
    ALTER TABLE predictions DROP COLUMN doubt;
    CREATE INDEX predictions_of_label ON predictions (model_no, label_no, score) WHERE review = 'predicted';
    CREATE INDEX videos_removed ON videos (no) WHERE removed = 1;
    DROP INDEX segments_with_note;
    CREATE INDEX segments_with_note ON segments (no, label_no) WHERE note <> '';
  `);
}
