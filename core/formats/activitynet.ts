/**
 * ActivityNet JSON: ground truth (`database`) and detections or proposals (`results`).
 *
 * Layout of the challenge's files as its evaluators read them (ActivityNet `Evaluation/eval_detection.py`). HACS, FineAction and OpenTAD
 * share the layout. Numbers may be texts (G-TAD's `thumos_gt.json`); `version`, `taxonomy` and `external_data` are not required to read
 * and are always written. A video id that stands twice keeps the segments of both.
 */
import { StudioError } from '#core/contract/errors';
import type {
  AddOptions,
  FormatDefinition,
  FormatDocument,
  FormatSegment,
  FormatVideo,
  ReadLog,
  ReadOptions,
  VideoBuilder,
  VideoBuilders,
  WriteOptions,
} from './format.ts';
import { addSegment, buildVideos, createReadLog, labelsOf, onlyFile, videoBuilder } from './format.ts';
import type { JsonValue, WritableJson } from './shared/json.ts';
import { JsonObject, parseJson, stringifyJson } from './shared/json.ts';
import {
  asArray,
  asObject,
  createLineFinder,
  otherMembers,
  readFinite,
  readNumber,
  readString,
  writeNumber,
} from './shared/jsonAccess.ts';
import { decodeText, encodeText } from './shared/text.ts';

/** What the formats of this family do not share. */
export interface ActivityNetDialect {
  /** Format name that documents carry. */
  readonly name: string;
  /** HACS writes durations as texts. */
  readonly durationAsText?: boolean;
  /** Without `version` and `taxonomy`. */
  readonly header?: false;
}

/** A file of the family while it is read. */
interface Reading {
  readonly log: ReadLog;
  readonly options: ReadOptions;
  readonly line: (offset: number) => number;
}

/**
 * Reads a file of the ActivityNet family.
 *
 * @throws StudioError `bad-input` when it has neither `database` nor `results`
 */
export function readActivityNetFamily(
  file: { readonly path: string; readonly bytes: Uint8Array },
  options: ReadOptions,
  dialect: ActivityNetDialect,
): { document: FormatDocument; warnings: ReadLog['warnings'] } {
  const { text } = decodeText(file.bytes);
  const root = asObject(parseJson(text, file.path));
  const log = createReadLog(options, file.path);
  const reading: Reading = { log, options, line: createLineFinder(text) };
  const videos: VideoBuilders = new Map();
  const kind = root?.get('database') === undefined ? 'detections' : 'annotations';
  const member = kind === 'annotations' ? 'database' : 'results';
  const entries = asObject(root?.get(member));
  if (root === undefined || entries === undefined) {
    throw new StudioError(
      'bad-input',
      `${file.path} is not ActivityNet JSON: it has neither "database" (ground truth) nor "results" (predictions). Check the file and the format.`,
      { path: file.path },
    );
  }
  for (const [name, entry] of entries.entries) {
    if (videos.has(name)) {
      log.note(
        'duplicate-video',
        `the video ${name} stands here twice; the segments of both are kept`,
        `${member}.${name}`,
      );
    }
    const video = videoBuilder(videos, name);
    if (kind === 'annotations') readVideo(reading, video, entry, `${member}.${name}`);
    else readResults(reading, video, entry, `${member}.${name}`);
  }
  const extra = otherMembers(root, [member]);
  const document: FormatDocument = { format: dialect.name, kind, videos: buildVideos(videos), extra };
  return { document, warnings: log.warnings };
}

function readVideo(reading: Reading, video: VideoBuilder, entry: JsonValue, path: string): void {
  const object = asObject(entry);
  if (object === undefined) {
    reading.log.problem('bad-video', 'the video is not an object', path, 'left out');
    return;
  }
  const duration = readFinite(object.get('duration'));
  if (duration !== undefined && duration.value > 0) {
    video.durationSec ??= duration.value;
    video.durationText ??= duration.text;
  } else {
    video.durationSec ??= reading.options.durationSec;
  }
  video.subset ??= readString(object.get('subset'));
  video.extra = { ...otherMembers(object, ['duration', 'subset', 'annotations']), ...video.extra };
  const annotations = object.get('annotations') ?? null;
  if (annotations === null) return;
  readSegments(reading, video, annotations, `${path}.annotations`, {});
}

function readResults(reading: Reading, video: VideoBuilder, entry: JsonValue, path: string): void {
  video.durationSec ??= reading.options.durationSec;
  readSegments(reading, video, entry, path, { labelOptional: true, duplicatesAllowed: true });
}

function readSegments(
  reading: Reading,
  video: VideoBuilder,
  list: JsonValue,
  path: string,
  options: AddOptions,
): void {
  const items = asArray(list);
  if (items === undefined) {
    reading.log.problem('bad-video', 'the segments are not a list', path, 'left out');
    return;
  }
  items.forEach((item, index) => {
    const object = asObject(item);
    const where = (): string => {
      const place = `${path}[${index}]`;
      return object === undefined ? place : `line ${reading.line(object.offset)}, ${place}`;
    };
    const segment = asArray(object?.get('segment'));
    if (object === undefined || segment?.length !== 2) {
      reading.log.problem('bad-segment', 'a segment has no "segment": [start, end]', where(), 'left out');
      return;
    }
    const start = readNumber(segment[0]);
    const end = readNumber(segment[1]);
    const scoreValue = object.get('score');
    const score = scoreValue === undefined ? undefined : readNumber(scoreValue);
    const extra = otherMembers(object, ['segment', 'label', 'score']);
    addSegment(
      reading.log,
      video,
      {
        label: readString(object.get('label')) ?? '',
        startSec: start.value,
        endSec: end.value,
        ...(score === undefined ? {} : { score: score.value, scoreText: score.text }),
        timeText: { unit: 'seconds', start: start.text, end: end.text },
        ...(Object.keys(extra).length === 0 ? {} : { extra }),
      },
      where,
      options,
    );
  });
}

/** The two times of a segment for JSON, as they stood in the source where that was seconds. */
export function writeSeconds(segment: FormatSegment): WritableJson[] {
  const text = segment.timeText?.unit === 'seconds' ? segment.timeText : undefined;
  return [writeNumber(segment.startSec, text?.start), writeNumber(segment.endSec, text?.end)];
}

/** The whole file of the ActivityNet family as text. */
export function writeActivityNetFamily(
  document: FormatDocument,
  options: WriteOptions,
  dialect: ActivityNetDialect,
): string {
  const own = document.format === dialect.name;
  const fileExtra = own ? (document.extra ?? {}) : {};
  if (document.kind === 'detections') {
    const results = document.videos.map((video): [string, JsonValue] => [
      video.name,
      video.segments.map((segment) => toEntry(segment, true, own)),
    ]);
    return stringifyJson(
      { version: 'VERSION 1.3', external_data: {}, ...fileExtra, results: new JsonObject(results) },
      1,
    );
  }
  const database = document.videos.map((video): [string, JsonValue] => [
    video.name,
    toVideo(video, options, dialect, own),
  ]);
  return stringifyJson(
    {
      ...(dialect.header === false
        ? {}
        : { version: 'VERSION 1.3', taxonomy: taxonomyOf(labelsOf(document)) }),
      ...fileExtra,
      database: new JsonObject(database),
    },
    1,
  );
}

function toVideo(
  video: FormatVideo,
  options: WriteOptions,
  dialect: ActivityNetDialect,
  own: boolean,
): JsonObject {
  const durationSec = video.durationSec ?? options.durationSec;
  const duration = durationSec === undefined ? undefined : writeNumber(durationSec, video.durationText);
  const durationText = video.durationText ?? (durationSec === undefined ? undefined : String(durationSec));
  const members: Record<string, WritableJson> = {
    duration: dialect.durationAsText === true ? durationText : duration,
    subset: video.subset,
    ...(own ? video.extra : {}),
    annotations: video.segments.map((segment) => toEntry(segment, false, own)),
  };
  return new JsonObject(
    Object.entries(members).filter(([, value]) => value !== undefined) as [string, JsonValue][],
  );
}

function toEntry(segment: FormatSegment, scored: boolean, own: boolean): JsonObject {
  const members: Record<string, WritableJson> = {
    ...(scored && segment.label === '' ? {} : { label: segment.label }),
    segment: writeSeconds(segment),
    ...(scored || segment.score !== undefined
      ? { score: writeNumber(segment.score ?? 1, segment.scoreText) }
      : {}),
    ...(own ? segment.extra : {}),
  };
  return new JsonObject(Object.entries(members) as [string, JsonValue][]);
}

/** A flat taxonomy: each label under one root. */
function taxonomyOf(labels: readonly string[]): WritableJson[] {
  const root = { nodeId: 0, nodeName: 'Root', parentId: null, parentName: null };
  return [
    root,
    ...labels.map((label, index) => ({
      nodeId: index + 1,
      nodeName: label,
      parentId: 0,
      parentName: 'Root',
    })),
  ];
}

const dialect: ActivityNetDialect = { name: 'activitynet' };

/** ActivityNet JSON. */
export const activitynet: FormatDefinition = {
  name: 'activitynet',
  title: 'ActivityNet JSON',
  shape: 'file',
  extension: '.json',
  read: (files, options) => readActivityNetFamily(onlyFile(files, 'ActivityNet JSON'), options, dialect),
  write: (document, options) => ({
    files: [
      {
        path: 'annotations.json',
        bytes: encodeText(`${writeActivityNetFamily(document, options, dialect)}\n`),
      },
    ],
    warnings: [],
  }),
};
