/**
 * FiftyOne's temporal detections (`labels.json` of FiftyOneTemporalDetectionDataset): inclusive frames counted from 1, or seconds.
 *
 * FiftyOne documentation. Its own rule from time to frame is 1 + round(t / duration · (N − 1)), and back t = (frame − 1) / (N − 1) · duration;
 * it needs the length of the video. Where only the rate is known, frames follow the half-open rule of all other formats. Without a rate,
 * seconds are written as `timestamps`, which FiftyOne reads as well.
 */
import { StudioError } from '#core/contract/errors';
import { writeSeconds } from '#core/formats/activitynet';
import type {
  FormatDefinition,
  FormatDocument,
  FormatFile,
  FormatSegment,
  FormatVideo,
  FormatWarning,
  ReadLog,
  ReadOptions,
  ReadResult,
  VideoBuilder,
  VideoBuilders,
  WriteOptions,
} from '#core/formats/format';
import {
  addSegment,
  buildVideos,
  createReadLog,
  labelsOf,
  onlyFile,
  videoBuilder,
} from '#core/formats/format';
import type { JsonObject, JsonValue, WritableJson } from '#core/formats/shared/json';
import { JsonNumber, parseJson, stringifyJson } from '#core/formats/shared/json';
import {
  asArray,
  asObject,
  createLineFinder,
  otherMembers,
  readNumber,
  readString,
  writeNumber,
} from '#core/formats/shared/jsonAccess';
import { decodeText, encodeText } from '#core/formats/shared/text';
import type { FrameRate } from '#core/formats/shared/time';
import { framesPerSecond, framesToSeconds, secondsToFrames } from '#core/formats/shared/time';

/** Frames of a video of known length. */
function frameTotal(durationSec: number, rate: FrameRate): number {
  return Math.max(1, Math.round(durationSec * framesPerSecond(rate)));
}

/** FiftyOne's frame of a time, counted from 1. */
export function fiftyoneFrame(sec: number, durationSec: number, frames: number): number {
  const position = (sec / durationSec) * (frames - 1);
  // Python rounds halves to even.
  const below = Math.floor(position);
  const rounded = position - below === 0.5 ? below + (below % 2) : Math.round(position);
  return Math.min(frames, Math.max(1, 1 + rounded));
}

/** FiftyOne's time of a frame counted from 1. */
export function fiftyoneTime(frame: number, durationSec: number, frames: number): number {
  return frames > 1 ? ((frame - 1) / (frames - 1)) * durationSec : 0;
}

function read(file: FormatFile, options: ReadOptions): ReadResult {
  const { text } = decodeText(file.bytes);
  const root = asObject(parseJson(text, file.path));
  const labels = asObject(root?.get('labels'));
  if (root === undefined || labels === undefined) {
    throw new StudioError(
      'bad-input',
      `${file.path} is not FiftyOne JSON: "classes" and "labels" were expected. Choose labels.json.`,
      { path: file.path },
    );
  }
  const classes = asArray(root.get('classes'))?.map((each) => readString(each) ?? '');
  const log = createReadLog(options, file.path);
  const lineAt = createLineFinder(text);
  const videos: VideoBuilders = new Map();
  for (const [name, list] of labels.entries) {
    if (videos.has(name))
      log.note(
        'duplicate-video',
        `the video ${name} stands here twice; the segments of both are kept`,
        `labels.${name}`,
      );
    const video = videoBuilder(videos, name);
    video.durationSec ??= options.durationSec;
    if (options.fps !== undefined) video.fps ??= options.fps;
    asArray(list)?.forEach((item, index) => {
      const object = asObject(item);
      const where = (): string =>
        `${object === undefined ? '' : `line ${lineAt(object.offset)}, `}labels.${name}[${index}]`;
      if (object === undefined) log.problem('bad-segment', 'a label is not an object', where(), 'left out');
      else readDetection(log, video, object, classes, where);
    });
  }
  const scored = [...videos.values()].some((video) =>
    video.segments.some((segment) => segment.score !== undefined),
  );
  const document: FormatDocument = {
    format: 'fiftyone',
    kind: scored ? 'detections' : 'annotations',
    videos: buildVideos(videos),
    ...(classes === undefined ? {} : { labels: classes }),
  };
  return { document, warnings: log.warnings };
}

function labelOf(value: JsonValue | undefined, classes: readonly string[] | undefined): string {
  if (value instanceof JsonNumber && classes !== undefined) return classes[value.value] ?? '';
  return readString(value) ?? '';
}

function readDetection(
  log: ReadLog,
  video: VideoBuilder,
  object: JsonObject,
  classes: readonly string[] | undefined,
  where: () => string,
): void {
  const confidence = object.get('confidence');
  const score = confidence === undefined || confidence === null ? undefined : readNumber(confidence);
  const extra = otherMembers(object, ['label', 'support', 'timestamps', 'confidence']);
  const common = {
    label: labelOf(object.get('label'), classes),
    ...(score === undefined ? {} : { score: score.value, scoreText: score.text }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  const timestamps = asArray(object.get('timestamps'));
  const support = asArray(object.get('support'));
  const [first, last] = (timestamps ?? support ?? []).map(readNumber);
  if (first === undefined || last === undefined) {
    log.problem(
      'bad-segment',
      'neither "support": [first, last] nor "timestamps": [start, stop]',
      where(),
      'left out',
    );
    return;
  }
  const options = { duplicatesAllowed: score !== undefined };
  if (timestamps !== undefined) {
    const timeText = { unit: 'seconds', start: first.text, end: last.text } as const;
    addSegment(
      log,
      video,
      { ...common, startSec: first.value, endSec: last.value, timeText },
      where,
      options,
    );
    return;
  }
  const { fps, durationSec } = video;
  if (fps === undefined) {
    throw new StudioError(
      'bad-input',
      `The file counts frames and does not say at what rate (${where()}). Give the frame rate, for example --fps 30000/1001.`,
      {
        where: where(),
      },
    );
  }
  const total = durationSec === undefined ? undefined : frameTotal(durationSec, fps);
  const seconds =
    total === undefined || durationSec === undefined
      ? framesToSeconds(first.value, last.value, fps)
      : {
          startSec: fiftyoneTime(first.value, durationSec, total),
          endSec: fiftyoneTime(last.value, durationSec, total),
        };
  addSegment(
    log,
    video,
    { ...common, ...seconds, timeText: { unit: 'frames', start: first.text, end: last.text } },
    where,
    options,
  );
}

/** The inclusive frames of a segment, or undefined where no rate is known. */
function supportOf(
  segment: FormatSegment,
  video: FormatVideo,
  options: WriteOptions,
): readonly [number, number] | undefined {
  const fps = video.fps ?? options.fps;
  const durationSec = video.durationSec ?? options.durationSec;
  const total =
    video.frameCount ??
    (durationSec !== undefined && fps !== undefined ? frameTotal(durationSec, fps) : undefined);
  if (total !== undefined && durationSec !== undefined) {
    return [
      fiftyoneFrame(segment.startSec, durationSec, total),
      fiftyoneFrame(segment.endSec, durationSec, total),
    ];
  }
  if (fps === undefined) return undefined;
  const { first, last } = secondsToFrames(segment.startSec, segment.endSec, fps);
  return [first, last];
}

function write(document: FormatDocument, options: WriteOptions): { text: string; warnings: FormatWarning[] } {
  const warnings: FormatWarning[] = [];
  const own = document.format === 'fiftyone';
  const classes = labelsOf(document);
  const entries = document.videos.map((video): [string, WritableJson] => {
    const list = video.segments.map((segment): WritableJson => {
      const support = supportOf(segment, video, options);
      const index = classes.indexOf(segment.label);
      return {
        label: index >= 0 ? index : segment.label,
        ...(support === undefined ? { timestamps: writeSeconds(segment) } : { support: [...support] }),
        ...(segment.score === undefined ? {} : { confidence: writeNumber(segment.score, segment.scoreText) }),
        ...(own ? segment.extra : {}),
      };
    });
    if (list.length > 0 && supportOf(video.segments[0]!, video, options) === undefined) {
      warnings.push({
        kind: 'no-frame-rate',
        message: 'written as seconds; give --fps and --duration for frames',
        where: video.name,
      });
    }
    return [video.name, list.length === 0 ? null : list];
  });
  return { text: `${stringifyJson({ classes, labels: Object.fromEntries(entries) }, 1)}\n`, warnings };
}

/** FiftyOne temporal detections. */
export const fiftyone: FormatDefinition = {
  name: 'fiftyone',
  title: 'FiftyOne temporal detections (labels.json)',
  shape: 'file',
  extension: '.json',
  read: (files, options) => read(onlyFile(files, 'FiftyOne JSON'), options),
  write: (document, options) => {
    const { text, warnings } = write(document, options);
    return { files: [{ path: 'labels.json', bytes: encodeText(text) }], warnings };
  },
};
