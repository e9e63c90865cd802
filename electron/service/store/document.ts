/**
 * Labels, segments, covered ranges and reviews: what edits read and patches write.
 *
 * There is one way to change the document: `writePatch`, inside the transaction of `history.ts`.
 */
import { coveredShare } from '#core/annotation/covered';
import type { CoveredRange, DocumentReader, LabelRecord, SegmentRecord } from '#core/annotation/document';
import type { DocumentPatch } from '#core/annotation/patch';
import type { LabelInfo, Page, SegmentInfo, SegmentSource, SegmentState } from '#core/contract/info';
import { StudioError } from '#core/contract/errors';
import { ptsToSeconds } from './seconds.ts';
import type { Connection } from './connection.ts';
import type { PredictionTable } from './predictions.ts';
import type { VideoTable } from './videos.ts';

interface LabelRow {
  readonly id: string;
  readonly name: string;
  readonly colour: string;
  readonly key: string | null;
  readonly position: number;
  readonly parent_id: string | null;
  readonly description: string;
  readonly ignore: number;
  readonly segment_count: number;
}

interface SegmentRow {
  readonly no: number;
  readonly id: string;
  readonly video_id: string;
  readonly label_id: string;
  readonly start_pts: number;
  readonly end_pts: number;
  readonly source: SegmentSource;
  readonly state: SegmentState;
  readonly score: number | null;
  readonly model_id: string | null;
  readonly former_start_pts: number | null;
  readonly former_end_pts: number | null;
  readonly note: string;
  readonly attributes: string;
  readonly annotator: string;
  readonly video_start_pts: number;
  readonly time_base_num: number;
  readonly time_base_den: number;
}

const SEGMENTS = `SELECT s.*, v.id AS video_id, l.id AS label_id, v.start_pts AS video_start_pts, v.time_base_num, v.time_base_den
  FROM segments s JOIN videos v ON v.no = s.video_no JOIN labels l ON l.no = s.label_no`;

/** The document of a project. */
export interface DocumentTable extends DocumentReader {
  labelInfos(): LabelInfo[];
  /** A label by its name, whatever its case. */
  labelByName(name: string): LabelInfo | undefined;
  /** In order of their start. */
  segmentsOfVideo(videoId: string): SegmentInfo[];
  segmentCount(): number;
  labelCount(): number;
  /** Segments whose label or note holds a text: by label first. */
  search(text: string, offset: number, limit: number): Page<SegmentInfo>;
  writePatch(patch: DocumentPatch): void;
}

function toRecord(row: SegmentRow): SegmentRecord {
  return {
    id: row.id,
    videoId: row.video_id,
    labelId: row.label_id,
    startPts: row.start_pts,
    endPts: row.end_pts,
    source: row.source,
    state: row.state,
    score: row.score,
    modelId: row.model_id,
    formerStartPts: row.former_start_pts,
    formerEndPts: row.former_end_pts,
    note: row.note,
    attributes: JSON.parse(row.attributes) as Record<string, string>,
    annotator: row.annotator,
  };
}

function toInfo(row: SegmentRow): SegmentInfo {
  const clock = {
    startPts: row.video_start_pts,
    timeBase: { num: row.time_base_num, den: row.time_base_den },
  };
  return {
    ...toRecord(row),
    startSec: ptsToSeconds(row.start_pts, clock),
    endSec: ptsToSeconds(row.end_pts, clock),
  };
}

function toLabel(row: LabelRow): LabelRecord {
  return {
    id: row.id,
    name: row.name,
    colour: row.colour,
    key: row.key,
    order: row.position,
    parentId: row.parent_id,
    description: row.description,
    ignore: row.ignore === 1,
  };
}

/** The tables `labels`, `segments` and `covered`. */
export function createDocumentTable(
  connection: Connection,
  videos: VideoTable,
  predictions: PredictionTable,
): DocumentTable {
  const labelRows = (): LabelRow[] =>
    connection.all<LabelRow>('SELECT * FROM labels WHERE removed = 0 ORDER BY position, no');
  const toLabelInfo = (row: LabelRow): LabelInfo => ({ ...toLabel(row), segmentCount: row.segment_count });
  const covered = (videoId: string): CoveredRange[] =>
    connection.all<CoveredRange>(
      `SELECT c.start_pts AS startPts, c.end_pts AS endPts FROM covered c JOIN videos v ON v.no = c.video_no
       WHERE v.id = @videoId ORDER BY c.start_pts`,
      { videoId },
    );

  const writeLabel = (id: string, label: LabelRecord | null): void => {
    if (label === null) {
      connection.run('UPDATE labels SET removed = 1 WHERE id = @id', { id });
      return;
    }
    connection.run(
      `INSERT INTO labels (id, name, colour, key, position, parent_id, description, ignore)
       VALUES (@id, @name, @colour, @key, @position, @parent, @description, @ignore)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, colour = excluded.colour, key = excluded.key,
         position = excluded.position, parent_id = excluded.parent_id, description = excluded.description,
         ignore = excluded.ignore, removed = 0`,
      {
        id,
        name: label.name,
        colour: label.colour,
        key: label.key,
        position: label.order,
        parent: label.parentId,
        description: label.description,
        ignore: label.ignore ? 1 : 0,
      },
    );
  };
  const writeSegment = (id: string, segment: SegmentRecord | null): void => {
    if (segment === null) {
      connection.run('DELETE FROM segments WHERE id = @id', { id });
      return;
    }
    connection.run(
      `INSERT INTO segments (id, video_no, label_no, start_pts, end_pts, source, state, score, model_id,
         former_start_pts, former_end_pts, note, attributes, annotator)
       VALUES (@id, (SELECT no FROM videos WHERE id = @videoId), (SELECT no FROM labels WHERE id = @labelId), @startPts, @endPts,
         @source, @state, @score, @modelId, @formerStartPts, @formerEndPts, @note, @attributes, @annotator)
       ON CONFLICT (id) DO UPDATE SET label_no = excluded.label_no, start_pts = excluded.start_pts, end_pts = excluded.end_pts,
         source = excluded.source, state = excluded.state, score = excluded.score, model_id = excluded.model_id,
         former_start_pts = excluded.former_start_pts, former_end_pts = excluded.former_end_pts, note = excluded.note,
         attributes = excluded.attributes, annotator = excluded.annotator`,
      { ...segment, attributes: JSON.stringify(segment.attributes) },
    );
  };
  const writeCovered = (videoId: string, ranges: readonly CoveredRange[]): void => {
    const video = videos.document(videoId);
    const row = connection.get<{ no: number }>('SELECT no FROM videos WHERE id = @videoId', { videoId });
    if (row === undefined || video === undefined) {
      throw new StudioError('not-found', `There is no video ${videoId} in this project.`, { id: videoId });
    }
    connection.run('DELETE FROM covered WHERE video_no = @no', { no: row.no });
    for (const { startPts, endPts } of ranges) {
      connection.run('INSERT INTO covered (video_no, start_pts, end_pts) VALUES (@no, @startPts, @endPts)', {
        no: row.no,
        startPts,
        endPts,
      });
    }
    connection.run('UPDATE videos SET covered_share = @share WHERE no = @no', {
      no: row.no,
      share: coveredShare(ranges, video),
    });
  };
  const search = (text: string, offset: number, limit: number): Page<SegmentInfo> => {
    const wanted = text.trim().toLocaleLowerCase();
    if (wanted === '') return { total: 0, items: [] };
    const labels = connection
      .all<{ no: number; name: string; segment_count: number }>(
        'SELECT no, name, segment_count FROM labels WHERE removed = 0 ORDER BY position, no',
      )
      .filter((label) => label.name.toLocaleLowerCase().includes(wanted));
    const byLabel = labels.reduce((sum, label) => sum + label.segment_count, 0);
    const items: SegmentRow[] = [];
    let skip = offset;
    for (const label of labels) {
      if (items.length >= limit) break;
      if (skip >= label.segment_count) {
        skip -= label.segment_count;
        continue;
      }
      items.push(
        ...connection.all<SegmentRow>(
          `${SEGMENTS} WHERE s.no IN (SELECT no FROM segments WHERE label_no = @no ORDER BY no LIMIT @limit OFFSET @skip)`,
          { no: label.no, limit: limit - items.length, skip },
        ),
      );
      skip = 0;
    }
    const exclude = labels.map((label) => label.no).join(', ') || '-1';
    // Trigrams need three characters; shorter texts look at the segments that have a note.
    const hits =
      [...wanted].length >= 3
        ? `s.note <> '' AND s.no IN (SELECT rowid FROM notes WHERE notes MATCH @wanted)`
        : `s.note <> '' AND instr(lower(s.note), @wanted) > 0`;
    const parameters = { wanted: [...wanted].length >= 3 ? `"${wanted.replaceAll('"', '""')}"` : wanted };
    const condition = `${hits} AND s.label_no NOT IN (${exclude})`;
    const byNote =
      connection.get<{ count: number }>(
        `SELECT count(*) AS count FROM segments s INDEXED BY segments_with_note WHERE ${condition}`,
        parameters,
      )?.count ?? 0;
    if (items.length < limit && byNote > skip) {
      items.push(
        ...connection.all<SegmentRow>(
          `${SEGMENTS} WHERE ${condition} ORDER BY s.no LIMIT @limit OFFSET @skip`,
          {
            ...parameters,
            limit: limit - items.length,
            skip,
          },
        ),
      );
    }
    return { total: byLabel + byNote, items: items.map(toInfo) };
  };

  return {
    video: (id) => videos.document(id),
    label: (id) => {
      const row = connection.get<LabelRow>('SELECT * FROM labels WHERE id = @id AND removed = 0', { id });
      return row === undefined ? undefined : toLabel(row);
    },
    labels: () => labelRows().map(toLabel),
    labelInfos: () => labelRows().map(toLabelInfo),
    labelByName: (name) => {
      const wanted = name.toLocaleLowerCase();
      const row = labelRows().find((label) => label.name.toLocaleLowerCase() === wanted);
      return row === undefined ? undefined : toLabelInfo(row);
    },
    segment: (id) => {
      const row = connection.get<SegmentRow>(`${SEGMENTS} WHERE s.id = @id`, { id });
      return row === undefined ? undefined : toRecord(row);
    },
    segmentsOfLabel: (labelId) =>
      connection
        .all<SegmentRow>(
          `${SEGMENTS} WHERE s.label_no = (SELECT no FROM labels WHERE id = @labelId) ORDER BY s.no`,
          {
            labelId,
          },
        )
        .map(toRecord),
    segmentsOfVideo: (videoId) =>
      connection
        .all<SegmentRow>(
          `${SEGMENTS} WHERE s.video_no = (SELECT no FROM videos WHERE id = @videoId) ORDER BY s.start_pts, s.no`,
          { videoId },
        )
        .map(toInfo),
    covered,
    prediction: (id) => predictions.record(id),
    predictionOfSegment: (segmentId) => predictions.recordOfSegment(segmentId),
    segmentCount: () =>
      connection.get<{ count: number }>(
        'SELECT coalesce(sum(segment_count), 0) AS count FROM videos WHERE removed = 0',
      )?.count ?? 0,
    labelCount: () =>
      connection.get<{ count: number }>('SELECT count(*) AS count FROM labels WHERE removed = 0')?.count ?? 0,
    search,
    writePatch: (patch) => {
      for (const { id, after } of patch.labels) if (after !== null) writeLabel(id, after);
      for (const { id, after } of patch.segments) if (after === null) writeSegment(id, null);
      for (const { id, after } of patch.segments) if (after !== null) writeSegment(id, after);
      for (const { id, after } of patch.labels) if (after === null) writeLabel(id, null);
      for (const { id, after } of patch.covered) writeCovered(id, after ?? []);
      for (const { id, after } of patch.subsets) {
        connection.run('UPDATE videos SET subset = @subset WHERE id = @id', {
          id,
          subset: after ?? 'training',
        });
      }
      predictions.writeReviews(patch.reviews);
    },
  };
}
