/**
 * EPIC-KITCHENS-100 CSV: one action a row, times as `HH:MM:SS.ss`, frames beside them, verb and noun with their class numbers.
 *
 * epic-kitchens/epic-kitchens-100-annotations README. The label here is the verb and the noun (`open door`); everything else of a row
 * travels along, so that the file comes back whole. Frames are written with the rate that is given.
 */
import type {
  FormatDefinition,
  FormatDocument,
  FormatFile,
  FormatSegment,
  FormatWarning,
  ReadOptions,
  ReadResult,
  WriteOptions,
} from '#core/formats/format';
import { addSegment, buildVideos, onlyFile } from '#core/formats/format';
import { headerFor, readCsv, rowFor } from '#core/formats/shared/csvRows';
import { formatTable } from '#core/formats/shared/table';
import { encodeText } from '#core/formats/shared/text';
import { formatClock, parseClock, secondsToFrames } from '#core/formats/shared/time';

const COLUMNS = [
  'narration_id',
  'participant_id',
  'video_id',
  'narration_timestamp',
  'start_timestamp',
  'stop_timestamp',
  'start_frame',
  'stop_frame',
  'narration',
  'verb',
  'verb_class',
  'noun',
  'noun_class',
  'all_nouns',
  'all_noun_classes',
] as const;

type Column = (typeof COLUMNS)[number];

const LEAST_DECIMALS = 2;
const MOST_DECIMALS = 9;

/** Two decimals as the data set has them, more where the time has more. */
function clockText(sec: number): string {
  for (let decimals = LEAST_DECIMALS; decimals < MOST_DECIMALS; decimals += 1) {
    const text = formatClock(sec, decimals);
    if (parseClock(text) === sec) return text;
  }
  return formatClock(sec, MOST_DECIMALS);
}

function read(file: FormatFile, options: ReadOptions): ReadResult {
  const { header, rows, log, videos, videoOf } = readCsv(file, options, {
    columns: Object.fromEntries(COLUMNS.map((column) => [column, [column]])) as Record<Column, [Column]>,
    required: ['video_id', 'start_timestamp', 'stop_timestamp'],
    hint: 'Choose a file such as EPIC_100_train.csv.',
    separator: ',',
  });
  for (const row of rows) {
    const { cell, where } = row;
    const video = videoOf(row, cell('video_id'));
    if (video === null) continue;
    const label = `${cell('verb')} ${cell('noun')}`.trim();
    const start = cell('start_timestamp');
    const end = cell('stop_timestamp');
    const segment: FormatSegment = {
      label: label === '' ? cell('narration') : label,
      startSec: parseClock(start),
      endSec: parseClock(end),
      ...(cell('narration') === '' ? {} : { note: cell('narration') }),
      timeText: { unit: 'clock', start, end },
      extra: row.others(['video_id', 'start_timestamp', 'stop_timestamp']),
    };
    // The test file has no labels: its segments are proposals to be classified.
    addSegment(log, video, segment, where, { labelOptional: true, duplicatesAllowed: true });
  }
  const document: FormatDocument = {
    format: 'epic-kitchens',
    kind: 'annotations',
    videos: buildVideos(videos),
    extra: { header: [...header] },
  };
  return { document, warnings: log.warnings };
}

/** A Python list of texts as the files have it. */
function pythonList(item: string): string {
  return item === '' ? '[]' : `['${item.replaceAll("'", "\\'")}']`;
}

function write(document: FormatDocument, options: WriteOptions): { text: string; warnings: FormatWarning[] } {
  const warnings: FormatWarning[] = [];
  const own = document.format === 'epic-kitchens';
  const header = headerFor(document, 'epic-kitchens', COLUMNS);
  const verbs = new Map<string, number>();
  const nouns = new Map<string, number>();
  const classOf = (classes: Map<string, number>, name: string): string => {
    if (!classes.has(name)) classes.set(name, classes.size);
    return String(classes.get(name));
  };
  if (!own)
    warnings.push({
      kind: 'class-numbers',
      message: 'verbs and nouns were numbered by first appearance, not as in EPIC_100_verb_classes.csv',
      where: 'verb_class, noun_class',
    });
  const clock = (segment: FormatSegment, which: 'start' | 'end', sec: number): string => {
    const text = segment.timeText?.unit === 'clock' ? segment.timeText[which] : undefined;
    return text !== undefined && parseClock(text) === sec ? text : clockText(sec);
  };
  const rows = document.videos.flatMap((video) => {
    const fps = video.fps ?? options.fps;
    if (video.segments.length === 0)
      warnings.push({
        kind: 'empty-video',
        message: 'a video without segments has no place in this format',
        where: video.name,
      });
    if (!own && fps === undefined)
      warnings.push({
        kind: 'no-frame-rate',
        message: 'frames were left empty; give --fps',
        where: video.name,
      });
    return video.segments.map((segment, index) => {
      const [verb = '', ...rest] = segment.label.split(' ');
      const noun = rest.join(' ');
      const frames = fps === undefined ? undefined : secondsToFrames(segment.startSec, segment.endSec, fps);
      const start = clock(segment, 'start', segment.startSec);
      const made: Readonly<Record<Column, string>> = {
        narration_id: `${video.name}_${index}`,
        participant_id: video.name.split('_')[0] ?? '',
        video_id: video.name,
        narration_timestamp: start,
        start_timestamp: start,
        stop_timestamp: clock(segment, 'end', segment.endSec),
        start_frame: frames === undefined ? '' : String(frames.first),
        stop_frame: frames === undefined ? '' : String(frames.last),
        narration: segment.note ?? segment.label,
        verb,
        verb_class: verb === '' ? '' : classOf(verbs, verb),
        noun,
        noun_class: noun === '' ? '' : classOf(nouns, noun),
        all_nouns: pythonList(noun),
        all_noun_classes: noun === '' ? '[]' : `[${classOf(nouns, noun)}]`,
      };
      return rowFor(header, own ? (segment.extra ?? {}) : {}, made);
    });
  });
  return { text: formatTable([header, ...rows]), warnings };
}

/** EPIC-KITCHENS-100 CSV. */
export const epicKitchens: FormatDefinition = {
  name: 'epic-kitchens',
  title: 'EPIC-KITCHENS-100 CSV',
  shape: 'file',
  extension: '.csv',
  read: (files, options) => read(onlyFile(files, 'EPIC-KITCHENS CSV'), options),
  write: (document, options) => {
    const { text, warnings } = write(document, options);
    return { files: [{ path: 'EPIC_100.csv', bytes: encodeText(text) }], warnings };
  },
};
