/**
 * THUMOS14's temporal annotations: a folder with one text per class and subset, `BaseballPitch_val.txt`, `Ambiguous_test.txt`.
 *
 * The challenge's readme: each line `video start end`, seconds with one decimal, separated by one or more spaces. Ambiguous regions are
 * left out of training and evaluation. Lengths of videos are not in the files.
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
  WriteResult,
} from '#core/formats/format';
import { addSegment, buildVideos, createReadLog, videoBuilder } from '#core/formats/format';
import { baseName } from '#core/formats/shared/names';
import { parseDecimal } from '#core/formats/shared/table';
import { decodeText, encodeText } from '#core/formats/shared/text';

const FILE_NAME = /^(.+)_(val|validation|test|train|training)\.txt$/i;
const AMBIGUOUS = 'Ambiguous';
/** What the file's ending means, and the other way round. */
const SUBSETS: Readonly<Record<string, string>> = {
  val: 'validation',
  validation: 'validation',
  test: 'testing',
  train: 'training',
  training: 'training',
};
const ENDINGS: Readonly<Record<string, string>> = {
  validation: 'val',
  val: 'val',
  testing: 'test',
  test: 'test',
  training: 'train',
  train: 'train',
};

function read(files: readonly FormatFile[], options: ReadOptions): ReadResult {
  const lists = files.flatMap((file) => {
    const match = FILE_NAME.exec(baseName(file.path));
    return match === null ? [] : [{ file, label: match[1]!, subset: SUBSETS[match[2]!.toLowerCase()]! }];
  });
  const where = files[0]?.path ?? 'The folder';
  if (lists.length === 0) {
    throw new StudioError(
      'bad-input',
      `${where}: no files named like BaseballPitch_val.txt or BaseballPitch_test.txt. Choose the folder that holds them.`,
      { path: where },
    );
  }
  const log = createReadLog(options, 'THUMOS14 folder');
  const videos: VideoBuilders = new Map();
  for (const { file, label, subset } of lists) {
    decodeText(file.bytes)
      .text.split(/\r\n|\r|\n/)
      .forEach((line, index) => {
        const parts = line.trim().split(/\s+/);
        if (parts.length === 1 && parts[0] === '') return;
        const place = (): string => `${file.path}, line ${index + 1}`;
        const [name, start, end] = parts;
        if (parts.length !== 3 || name === undefined || start === undefined || end === undefined) {
          log.problem(
            'bad-segment',
            `“video start end” was expected, got “${line.trim()}”`,
            place(),
            'left out',
          );
          return;
        }
        const video = videoBuilder(videos, name);
        video.subset ??= subset;
        video.durationSec ??= options.durationSec;
        addSegment(
          log,
          video,
          {
            label,
            startSec: parseDecimal(start),
            endSec: parseDecimal(end),
            ...(label === AMBIGUOUS ? { ignored: true } : {}),
            timeText: { unit: 'seconds', start, end },
          },
          place,
        );
      });
  }
  const labels = [...new Set(lists.map(({ label }) => label))].filter((label) => label !== AMBIGUOUS);
  return {
    document: { format: 'thumos14', kind: 'annotations', videos: buildVideos(videos), labels },
    warnings: log.warnings,
  };
}

function write(document: FormatDocument): WriteResult {
  const warnings: FormatWarning[] = [];
  const lines = new Map<string, string[]>();
  for (const video of document.videos) {
    const ending = ENDINGS[(video.subset ?? 'validation').toLowerCase()];
    if (ending === undefined || video.subset === undefined) {
      const message = `THUMOS14 has the subsets val and test; ${video.subset === undefined ? 'none was given' : `“${video.subset}”`}, written as val`;
      warnings.push({ kind: 'subset', message, where: video.name });
    }
    if (/\s/.test(video.name)) {
      warnings.push({ kind: 'name', message: 'spaces in the name became underscores', where: video.name });
    }
    if (video.segments.length === 0) {
      warnings.push({
        kind: 'empty-video',
        message: 'a video without segments has no place in THUMOS14',
        where: video.name,
      });
    }
    for (const segment of video.segments) {
      const label = segment.ignored === true ? AMBIGUOUS : segment.label.replace(/[\\/:*?"<>|]/g, '_');
      if (label !== segment.label && segment.ignored !== true) {
        warnings.push({
          kind: 'name',
          message: `the label “${segment.label}” became “${label}”, as it names a file`,
          where: video.name,
        });
      }
      const name = `${label}_${ending ?? 'val'}.txt`;
      const text = segment.timeText?.unit === 'seconds' ? segment.timeText : undefined;
      const start = decimalText(segment.startSec, text?.start);
      const line = `${video.name.replace(/\s/g, '_')} ${start} ${decimalText(segment.endSec, text?.end)}`;
      lines.set(name, [...(lines.get(name) ?? []), line]);
    }
  }
  const files = [...lines].map(([path, list]) => ({ path, bytes: encodeText(`${list.join('\n')}\n`) }));
  return { files, warnings };
}

/** THUMOS14's folder of texts. */
export const thumos14: FormatDefinition = {
  name: 'thumos14',
  title: 'THUMOS14 (folder of texts)',
  shape: 'folder',
  extension: '.txt',
  read,
  write: (document) => write(document),
};
