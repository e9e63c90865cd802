/**
 * MMAction2's and BMN's annotation JSON (`anet_anno_train.json` and its kind): videos by name with `v_`, lengths in seconds and frames.
 *
 * MMAction2 `tools/data/activitynet/README.md`, G-TAD's data files: `{"v_ID": {"duration_second", "duration_frame", "feature_frame",
 * "annotations": [{"segment": [s, e], "label"}]}}`. `feature_frame` is the part that features cover, 16·⌊frames / 16⌋.
 */
import { StudioError } from '#core/contract/errors';
import { writeSeconds } from '#core/formats/activitynet';
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
import type { JsonValue, WritableJson } from '#core/formats/shared/json';
import { JsonObject, parseJson, stringifyJson } from '#core/formats/shared/json';
import {
  asArray,
  asObject,
  createLineFinder,
  otherMembers,
  readFinite,
  readNumber,
  readString,
  writeNumber,
} from '#core/formats/shared/jsonAccess';
import { decodeText, encodeText } from '#core/formats/shared/text';
import { framesPerSecond, parseFrameRate } from '#core/formats/shared/time';

const FEATURE_STRIDE = 16;
const PREFIX = 'v_';

function read(file: FormatFile, options: ReadOptions): ReadResult {
  const { text } = decodeText(file.bytes);
  const root = asObject(parseJson(text, file.path));
  const lineAt = createLineFinder(text);
  if (
    root === undefined ||
    !root.entries.some(([, entry]) => asObject(entry)?.get('annotations') !== undefined)
  ) {
    throw new StudioError(
      'bad-input',
      `${file.path} is not MMAction2 JSON: videos by name, each with "annotations", were expected. Check the file and the format.`,
      { path: file.path },
    );
  }
  const log = createReadLog(options, file.path);
  const videos: VideoBuilders = new Map();
  for (const [id, entry] of root.entries) {
    const object = asObject(entry);
    if (object === undefined) {
      log.problem('bad-video', 'the video is not an object', id, 'left out');
      continue;
    }
    const name = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : id;
    if (videos.has(name))
      log.note('duplicate-video', `the video ${name} stands here twice; the segments of both are kept`, id);
    const video = videoBuilder(videos, name);
    const duration = readFinite(object.get('duration_second'));
    video.durationSec ??= duration?.value ?? options.durationSec;
    video.durationText ??= duration?.text;
    video.subset ??= readString(object.get('subset'));
    const frames = readFinite(object.get('duration_frame'))?.value;
    if (frames !== undefined && Number.isInteger(frames) && frames > 0) video.frameCount ??= frames;
    const rate = readFinite(object.get('fps'));
    if (rate !== undefined && /^\d+(?:\.\d+)?$/.test(rate.text) && rate.value > 0)
      video.fps ??= parseFrameRate(rate.text);
    video.extra = {
      ...otherMembers(object, ['duration_second', 'duration_frame', 'fps', 'subset', 'annotations']),
      ...video.extra,
    };
    asArray(object.get('annotations'))?.forEach((item, index) => {
      const annotation = asObject(item);
      const where = (): string =>
        `${annotation === undefined ? '' : `line ${lineAt(annotation.offset)}, `}${id}.annotations[${index}]`;
      const times = asArray(annotation?.get('segment'));
      if (annotation === undefined || times?.length !== 2) {
        log.problem('bad-segment', 'a segment has no "segment": [start, end]', where(), 'left out');
        return;
      }
      const [start, end] = times.map(readNumber);
      const extra = otherMembers(annotation, ['segment', 'label']);
      addSegment(
        log,
        video,
        {
          label: readString(annotation.get('label')) ?? '',
          startSec: start!.value,
          endSec: end!.value,
          timeText: { unit: 'seconds', start: start!.text, end: end!.text },
          ...(Object.keys(extra).length === 0 ? {} : { extra }),
        },
        where,
      );
    });
  }
  return {
    document: { format: 'mmaction2', kind: 'annotations', videos: buildVideos(videos) },
    warnings: log.warnings,
  };
}

function write(document: FormatDocument, options: WriteOptions): { text: string; warnings: FormatWarning[] } {
  const warnings: FormatWarning[] = [];
  const own = document.format === 'mmaction2';
  const entries = document.videos.map((video): [string, JsonValue] => {
    const id =
      video.name.startsWith(PREFIX) && video.name.length === 13 ? video.name : `${PREFIX}${video.name}`;
    const durationSec = video.durationSec ?? options.durationSec;
    const rate = video.fps ?? options.fps;
    const frames =
      video.frameCount ??
      (durationSec !== undefined && rate !== undefined
        ? Math.round(durationSec * framesPerSecond(rate))
        : undefined);
    if (durationSec === undefined || frames === undefined) {
      const lacking = durationSec === undefined ? 'duration_second' : 'duration_frame';
      warnings.push({
        kind: 'no-duration',
        message: `${lacking} is unknown; give --duration and --fps`,
        where: id,
      });
    }
    const members: Record<string, WritableJson> = {
      duration_second: durationSec === undefined ? undefined : writeNumber(durationSec, video.durationText),
      duration_frame: frames,
      fps: rate === undefined ? undefined : framesPerSecond(rate),
      feature_frame: frames === undefined ? undefined : Math.floor(frames / FEATURE_STRIDE) * FEATURE_STRIDE,
      subset: video.subset,
      ...(own ? video.extra : {}),
      annotations: video.segments.map((segment) => ({
        segment: writeSeconds(segment),
        label: segment.label,
        ...(own ? segment.extra : {}),
      })),
    };
    return [
      id,
      new JsonObject(
        Object.entries(members).filter(([, value]) => value !== undefined) as [string, JsonValue][],
      ),
    ];
  });
  return { text: `${stringifyJson(new JsonObject(entries), 1)}\n`, warnings };
}

/** MMAction2 / BMN JSON. */
export const mmaction2: FormatDefinition = {
  name: 'mmaction2',
  title: 'MMAction2 / BMN JSON',
  shape: 'file',
  extension: '.json',
  read: (files, options) => read(onlyFile(files, 'MMAction2 JSON'), options),
  write: (document, options) => {
    const { text, warnings } = write(document, options);
    return { files: [{ path: 'anet_anno.json', bytes: encodeText(text) }], warnings };
  },
};
