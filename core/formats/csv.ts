/**
 * A plain table, one segment a row: `video,label,start,end` and, where there is something to say, `score,subset,video_duration,note`.
 *
 * Times are seconds or clock times. Column names of other programs are understood, columns may stand in any order. A video without
 * segments is a row with its name alone, so that nothing is lost on the way there and back.
 */
import type {
  FormatDefinition,
  FormatDocument,
  FormatFile,
  FormatSegment,
  ReadOptions,
  ReadResult,
} from './format.ts';
import { addSegment, buildVideos, onlyFile } from './format.ts';
import { readCsv } from './shared/csvRows.ts';
import { encodeText } from './shared/text.ts';
import { formatTable, parseDecimal } from './shared/table.ts';
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

function read(file: FormatFile, options: ReadOptions): ReadResult {
  const { rows, log, videos, videoOf } = readCsv(file, options, {
    columns: COLUMNS,
    required: ['video', 'label', 'start', 'end'],
    hint: 'It should read video,label,start,end.',
  });
  let scored = false;
  for (const row of rows) {
    const { cell, where } = row;
    const video = videoOf(row, videoStem(cell('video')));
    if (video === null) continue;
    const duration = parseTime(cell('duration'));
    if (duration > 0 && video.durationText === undefined) {
      video.durationSec = duration;
      video.durationText = cell('duration');
    }
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
