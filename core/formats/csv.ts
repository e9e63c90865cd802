/**
 * A plain table, one segment a row: `video,label,start,end` and, where there is something to say, `score,subset,video_duration,note`.
 *
 * Times are seconds or clock times. Column names of other programs are understood, columns may stand in any order. A video without
 * segments is a row with its name alone, so that nothing is lost on the way there and back.
 */
import { StudioError } from '#core/contract/errors';
import type {
  FormatDefinition,
  FormatDocument,
  FormatSegment,
  ReadOptions,
  ReadResult,
  VideoBuilders,
} from './format.ts';
import { addSegment, buildVideos, createReadLog, onlyFile, videoBuilder } from './format.ts';
import { decodeText, encodeText } from './shared/text.ts';
import { columnIndex, formatTable, parseDecimal, parseTable } from './shared/table.ts';
import { parseTime } from './shared/time.ts';
import { videoStem } from './shared/names.ts';

const COLUMNS = {
  video: ['video', 'video id', 'video name', 'videoid', 'file', 'filename', 'file name', 'media', 'name'],
  label: ['label', 'class', 'class name', 'action', 'activity', 'behavior', 'behaviour', 'event', 'type'],
  start: [
    'start',
    'start sec',
    'start s',
    'start time',
    'startseconds',
    't start',
    'begin',
    'onset',
    'from',
    't init',
  ],
  end: ['end', 'end sec', 'end s', 'end time', 'endseconds', 't end', 'stop', 'stop s', 'offset', 'to'],
  score: ['score', 'confidence', 'probability'],
  subset: ['subset', 'split'],
  duration: ['video duration', 'video duration sec', 'video length'],
  note: ['note', 'comment', 'description'],
} as const;

type Column = keyof typeof COLUMNS;

function read(file: { readonly path: string; readonly bytes: Uint8Array }, options: ReadOptions): ReadResult {
  const rows = parseTable(decodeText(file.bytes).text, file.path);
  const log = createReadLog(options, file.path);
  const header = rows[0]?.cells ?? [];
  const index = Object.fromEntries(
    Object.entries(COLUMNS).map(([column, names]) => [column, columnIndex(header, names)]),
  ) as Record<Column, number>;
  const missing = (['video', 'label', 'start', 'end'] as const).filter((column) => index[column] < 0);
  if (missing.length > 0) {
    throw new StudioError(
      'bad-input',
      `${file.path}: the first line names no column for ${missing.join(', ')}. It should read video,label,start,end.`,
      { path: file.path, line: 1 },
    );
  }
  const videos: VideoBuilders = new Map();
  let scored = false;
  for (const { line, cells } of rows.slice(1)) {
    const cell = (column: Column): string => (index[column] < 0 ? '' : (cells[index[column]] ?? '').trim());
    const where = (): string => `line ${line}`;
    const name = videoStem(cell('video'));
    if (name === '') {
      log.problem('no-video', 'the row names no video', where(), 'left out');
      continue;
    }
    const video = videoBuilder(videos, name);
    const duration = parseTime(cell('duration'));
    if (duration > 0) {
      video.durationSec ??= duration;
      video.durationText ??= cell('duration');
    }
    video.durationSec ??= options.durationSec;
    if (cell('subset') !== '') video.subset ??= cell('subset');
    if (cell('label') === '' && cell('start') === '' && cell('end') === '') continue;
    const scoreText = cell('score');
    if (scoreText !== '') scored = true;
    const segment: FormatSegment = {
      label: cell('label'),
      startSec: parseTime(cell('start')),
      endSec: parseTime(cell('end')),
      ...(scoreText === '' ? {} : { score: parseDecimal(scoreText), scoreText }),
      ...(cell('note') === '' ? {} : { note: cell('note') }),
      timeText: { unit: 'seconds', start: cell('start'), end: cell('end') },
    };
    addSegment(log, video, segment, where, { labelOptional: scored, duplicatesAllowed: scored });
  }
  const kind = scored ? 'detections' : 'annotations';
  return { document: { format: 'csv', kind, videos: buildVideos(videos) }, warnings: log.warnings };
}

/** A number as it stood in the source where that still says the same, else its shortest exact text. */
export function decimalText(value: number, text: string | undefined): string {
  const plain = text?.replace(',', '.');
  return plain !== undefined && parseDecimal(plain) === value ? plain : String(value);
}

function write(document: FormatDocument, durationSec: number | undefined): string {
  const used = (test: (segment: FormatSegment) => boolean): boolean =>
    document.videos.some((video) => video.segments.some(test));
  const withScore = document.kind === 'detections' || used((segment) => segment.score !== undefined);
  const withNote = used((segment) => segment.note !== undefined);
  const withSubset = document.videos.some((video) => video.subset !== undefined);
  const withDuration =
    durationSec !== undefined || document.videos.some((video) => video.durationSec !== undefined);
  const pick = (score: string, subset: string, duration: string, note: string): string[] => [
    ...(withScore ? [score] : []),
    ...(withSubset ? [subset] : []),
    ...(withDuration ? [duration] : []),
    ...(withNote ? [note] : []),
  ];
  const rows: string[][] = [
    ['video', 'label', 'start', 'end', ...pick('score', 'subset', 'video_duration', 'note')],
  ];
  for (const video of document.videos) {
    const length = video.durationSec ?? durationSec;
    const duration = length === undefined ? '' : decimalText(length, video.durationText);
    const subset = video.subset ?? '';
    if (video.segments.length === 0) rows.push([video.name, '', '', '', ...pick('', subset, duration, '')]);
    for (const segment of video.segments) {
      const text = segment.timeText?.unit === 'seconds' ? segment.timeText : undefined;
      const score = segment.score === undefined ? '' : decimalText(segment.score, segment.scoreText);
      rows.push([
        video.name,
        segment.label,
        decimalText(segment.startSec, text?.start),
        decimalText(segment.endSec, text?.end),
        ...pick(score, subset, duration, segment.note ?? ''),
      ]);
    }
  }
  return formatTable(rows);
}

/** A table of segments. */
export const csv: FormatDefinition = {
  name: 'csv',
  title: 'CSV table (video, label, start, end)',
  shape: 'file',
  extension: '.csv',
  read: (files, options) => read(onlyFile(files, 'A CSV table'), options),
  write: (document, options) => ({
    files: [{ path: 'annotations.csv', bytes: encodeText(write(document, options.durationSec)) }],
    warnings: [],
  }),
};
