/**
 * Charades CSV: one video a row, its actions as `c092 11.90 21.20;c147 0.00 12.60` in seconds; overlaps are normal.
 *
 * Charades v1 README. Labels are the class codes, as their names stand in another file (`Charades_v1_classes.txt`). Other columns
 * (subject, scene, script …) come back to the same format.
 */
import { StudioError } from '#core/contract/errors';
import { decimalText } from '#core/formats/csv';
import type {
  FormatDefinition,
  FormatDocument,
  FormatFile,
  FormatWarning,
  ReadOptions,
  ReadResult,
  VideoBuilders,
  WriteOptions,
} from '#core/formats/format';
import { addSegment, buildVideos, createReadLog, onlyFile, videoBuilder } from '#core/formats/format';
import { formatTable, parseDecimal, parseTable } from '#core/formats/shared/table';
import { decodeText, encodeText } from '#core/formats/shared/text';

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
  const rows = parseTable(decodeText(file.bytes).text, file.path, ',');
  const header = (rows[0]?.cells ?? []).map((cell) => cell.trim());
  const idAt = header.indexOf('id');
  const actionsAt = header.indexOf('actions');
  const lengthAt = header.indexOf('length');
  if (idAt < 0 || actionsAt < 0) {
    throw new StudioError(
      'bad-input',
      `${file.path}: the first line has no id and actions. Choose a file such as Charades_v1_train.csv.`,
      {
        path: file.path,
        line: 1,
      },
    );
  }
  const log = createReadLog(options, file.path);
  const videos: VideoBuilders = new Map();
  for (const { line, cells } of rows.slice(1)) {
    const name = (cells[idAt] ?? '').trim();
    if (name === '') {
      log.problem('no-video', 'the row names no video', `line ${line}`, 'left out');
      continue;
    }
    if (videos.has(name))
      log.note(
        'duplicate-video',
        `the video ${name} stands here twice; the segments of both are kept`,
        `line ${line}`,
      );
    const video = videoBuilder(videos, name);
    const length = parseDecimal(cells[lengthAt] ?? '');
    if (length > 0) {
      video.durationSec ??= length;
      video.durationText ??= (cells[lengthAt] ?? '').trim();
    }
    video.durationSec ??= options.durationSec;
    const others = header.flatMap((column, at): [string, string][] =>
      [idAt, actionsAt, lengthAt].includes(at) ? [] : [[column, cells[at] ?? '']],
    );
    video.extra = { ...Object.fromEntries(others), ...video.extra };
    const actions = (cells[actionsAt] ?? '').split(';').map((action) => action.trim());
    actions.forEach((action, index) => {
      if (action === '') return;
      const where = (): string => `line ${line}, action ${index + 1}`;
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
  const ownHeader =
    own && Array.isArray(document.extra?.['header']) ? (document.extra['header'] as string[]) : undefined;
  const header = ownHeader ?? COLUMNS;
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
    const kept = own ? (video.extra ?? {}) : {};
    return header.map((column) => {
      const value = kept[column];
      return made[column] ?? (typeof value === 'string' ? value : '');
    });
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
