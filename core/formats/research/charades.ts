/**
 * Charades CSV: one video a row, its actions as `c092 11.90 21.20;c147 0.00 12.60` in seconds; overlaps are normal.
 *
 * Charades v1 README. Labels are the class codes, as their names stand in another file (`Charades_v1_classes.txt`). Other columns
 * (subject, scene, script …) come back to the same format.
 */
import { decimalText } from '#core/formats/csv';
import type {
  FormatDefinition,
  FormatDocument,
  FormatFile,
  FormatWarning,
  ReadOptions,
  ReadResult,
  WriteOptions,
} from '#core/formats/format';
import { addSegment, buildVideos, onlyFile } from '#core/formats/format';
import { headerFor, readCsv, rowFor } from '#core/formats/shared/csvRows';
import { formatTable, parseDecimal } from '#core/formats/shared/table';
import { encodeText } from '#core/formats/shared/text';

const COLUMNS = [
  'id',
  'subject',
  'scene',
  'quality',
  'relevance',
  'verified',
  'script',
  'objects',
  'descriptions',
  'actions',
  'length',
];

function read(file: FormatFile, options: ReadOptions): ReadResult {
  const { header, rows, log, videos, videoOf } = readCsv(file, options, {
    columns: { id: ['id'], actions: ['actions'], length: ['length'] },
    required: ['id', 'actions'],
    hint: 'Choose a file such as Charades_v1_train.csv.',
    separator: ',',
  });
  for (const row of rows) {
    const name = row.cell('id');
    if (videos.has(name))
      log.note(
        'duplicate-video',
        `the video ${name} stands here twice; the segments of both are kept`,
        row.where(),
      );
    const video = videoOf(row, name);
    if (video === null) continue;
    const length = parseDecimal(row.cell('length'));
    if (length > 0 && video.durationText === undefined) {
      video.durationSec = length;
      video.durationText = row.cell('length');
    }
    video.extra = { ...row.others(['id', 'actions', 'length']), ...video.extra };
    const actions = row
      .cell('actions')
      .split(';')
      .map((action) => action.trim());
    actions.forEach((action, index) => {
      if (action === '') return;
      const where = (): string => `${row.where()}, action ${index + 1}`;
      const [label = '', start = '', end = ''] = action.split(/\s+/);
      addSegment(
        log,
        video,
        {
          label,
          startSec: parseDecimal(start),
          endSec: parseDecimal(end),
          timeText: { unit: 'seconds', start, end },
        },
        where,
      );
    });
  }
  const document: FormatDocument = {
    format: 'charades',
    kind: 'annotations',
    videos: buildVideos(videos),
    extra: { header },
  };
  return { document, warnings: log.warnings };
}

function write(document: FormatDocument, options: WriteOptions): { text: string; warnings: FormatWarning[] } {
  const warnings: FormatWarning[] = [];
  const own = document.format === 'charades';
  const header = headerFor(document, 'charades', COLUMNS);
  const codes = new Map<string, string>();
  const codeOf = (label: string): string => {
    const safe = /[\s;]/.test(label) ? label.trim().replace(/[\s;]+/g, '_') : label;
    if (safe !== label && !codes.has(label)) {
      codes.set(label, safe);
      warnings.push({
        kind: 'name',
        message: `the label became “${safe}”: spaces and semicolons separate actions here`,
        where: label,
      });
    }
    return safe;
  };
  const rows = document.videos.map((video) => {
    const durationSec = video.durationSec ?? options.durationSec;
    const actions = video.segments.map((segment) => {
      const text = segment.timeText?.unit === 'seconds' ? segment.timeText : undefined;
      return `${codeOf(segment.label)} ${decimalText(segment.startSec, text?.start)} ${decimalText(segment.endSec, text?.end)}`;
    });
    const made: Readonly<Record<string, string>> = {
      id: video.name,
      actions: actions.join(';'),
      length: durationSec === undefined ? '' : decimalText(durationSec, video.durationText),
    };
    return rowFor(header, made, own ? (video.extra ?? {}) : {});
  });
  return { text: formatTable([header, ...rows]), warnings };
}

/** Charades CSV. */
export const charades: FormatDefinition = {
  name: 'charades',
  title: 'Charades CSV',
  shape: 'file',
  extension: '.csv',
  read: (files, options) => read(onlyFile(files, 'Charades CSV'), options),
  write: (document, options) => {
    const { text, warnings } = write(document, options);
    return { files: [{ path: 'Charades.csv', bytes: encodeText(text) }], warnings };
  },
};
