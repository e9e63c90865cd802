/** Which videos hold rejected predictions, without reading every prediction: they take part in training as hard negatives. */
import type { Connection } from '#service/store/connection';

export function rejectedVideos(connection: Connection): void {
  connection.exec(
    `CREATE INDEX predictions_rejected ON predictions (video_no, model_no) WHERE review = 'rejected'`,
  );
}
