/**
 * What every annotation format reads into and writes from, and the rules that all readers share.
 *
 * Time is seconds here, half open; point events are [t, t]; the source text of numbers travels along, so that a file comes back as it was.
 * Problems are told by kind, and the policy decides: stop at the first, repair what can be repaired, or skip what is wrong
 * (in the spirit of SimBA's import options). Reading changes nothing, so a dry run is a read.
 */
import { StudioError } from '#core/contract/errors';
import type { WritableJson } from './shared/json.ts';
import type { FrameRate } from './shared/time.ts';

/** What to do with a segment that is wrong. */
export const POLICIES = ['stop', 'repair', 'skip'] as const;

/** One of `POLICIES`. */
export type Policy = (typeof POLICIES)[number];

/** Texts of the two times as they stood in the file, and what they counted. */
export interface TimeText {
  readonly unit: 'seconds' | 'frames' | 'milliseconds' | 'clock';
  readonly start: string;
  readonly end: string;
}

/** One labelled stretch (or, with equal times, a point event) of a file. */
export interface FormatSegment {
  readonly label: string;
  readonly startSec: number;
  readonly endSec: number;
  /** Present in predictions, 0–1. */
  readonly score?: number;
  readonly scoreText?: string;
  readonly note?: string;
  /** An ambiguous region, left out of training and evaluation. */
  readonly ignored?: boolean;
  readonly timeText?: TimeText;
  /** Other members of the entry, for the writer of the same format. */
  readonly extra?: Readonly<Record<string, WritableJson>>;
}

/** One video of a file. */
export interface FormatVideo {
  /** As the format names it, without what the format always adds (`v_`, extension). */
  readonly name: string;
  readonly durationSec?: number;
  readonly durationText?: string;
  readonly subset?: string;
  readonly fps?: FrameRate;
  readonly frameCount?: number;
  readonly segments: readonly FormatSegment[];
  readonly extra?: Readonly<Record<string, WritableJson>>;
}

/** A whole file, or folder, of annotations. */
export interface FormatDocument {
  /** Name of the format it was read from. */
  readonly format: string;
  /** Ground truth, or predictions with scores. */
  readonly kind: 'annotations' | 'detections';
  readonly videos: readonly FormatVideo[];
  /** Classes in the format's own order, where it has one. */
  readonly labels?: readonly string[];
  /** Other members of the file, for the writer of the same format. */
  readonly extra?: Readonly<Record<string, WritableJson>>;
}

/** Something that the person should know about a file. */
export interface FormatWarning {
  /** Kebab-case, for scripts: `end-before-start`. */
  readonly kind: string;
  readonly message: string;
  /** File, line or path of the entry. */
  readonly where: string;
}

/** A file by its path inside the folder (or its name). */
export interface FormatFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** How to read. */
export interface ReadOptions {
  readonly policy: Policy;
  /** Frame rate for formats that count frames and do not say at what rate. */
  readonly fps?: FrameRate;
  /** Length of videos whose length the format does not say. */
  readonly durationSec?: number;
  /** For evaluation: every segment with numbers counts as it stands, as the official evaluators have it. */
  readonly asIs?: boolean;
}

/** What reading gave; warnings are empty for a clean file. */
export interface ReadResult {
  readonly document: FormatDocument;
  readonly warnings: readonly FormatWarning[];
}

/** How to write. */
export interface WriteOptions {
  readonly fps?: FrameRate;
  readonly durationSec?: number;
}

/** Files to write; warnings say what the format could not hold. */
export interface WriteResult {
  readonly files: readonly FormatFile[];
  readonly warnings: readonly FormatWarning[];
}

/** A format: one file of this folder each. */
export interface FormatDefinition {
  /** As on the command line. */
  readonly name: string;
  /** For the person. */
  readonly title: string;
  /** Its shape on disk. */
  readonly shape: 'file' | 'folder';
  /** Usual extension with the dot; of the files inside for folders. */
  readonly extension: string;
  /** @throws StudioError `bad-input` when it is another format, or at the first problem under the policy `stop` */
  readonly read: (files: readonly FormatFile[], options: ReadOptions) => ReadResult;
  readonly write: (document: FormatDocument, options: WriteOptions) => WriteResult;
}

/** Collects warnings under a policy. */
export interface ReadLog {
  readonly policy: Policy;
  /** Nothing but numbers and labels is checked. */
  readonly asIs: boolean;
  readonly warnings: FormatWarning[];
  /** Worth knowing, nothing wrong. */
  note(kind: string, message: string, where: string): void;
  /** Something wrong: throws under `stop`, else is kept. `done` says what was done about it. */
  problem(kind: string, message: string, where: string, done: string): void;
}

/** A log for one read of one file. */
export function createReadLog(options: ReadOptions, file: string): ReadLog {
  const { policy, asIs = false } = options;
  const warnings: FormatWarning[] = [];
  return {
    policy,
    asIs,
    warnings,
    note: (kind, message, where) => void warnings.push({ kind, message, where }),
    problem(kind, message, where, done) {
      if (policy === 'stop') {
        throw new StudioError(
          'bad-input',
          `${file}, ${where}: ${message}. Correct it, or import with the policy repair or skip.`,
          { path: file, where, kind },
        );
      }
      warnings.push({ kind, message: `${message}; ${done}`, where });
    },
  };
}

/** A video while it is being read. */
export interface VideoBuilder {
  readonly name: string;
  durationSec: number | undefined;
  durationText: string | undefined;
  subset: string | undefined;
  fps: FrameRate | undefined;
  frameCount: number | undefined;
  extra: Record<string, WritableJson>;
  readonly segments: FormatSegment[];
  readonly seen: Set<string>;
}

/** Videos by name, in order of first appearance. */
export type VideoBuilders = Map<string, VideoBuilder>;

/** The builder of a name, made when there is none. */
export function videoBuilder(videos: VideoBuilders, name: string): VideoBuilder {
  const known = videos.get(name);
  if (known !== undefined) return known;
  const made: VideoBuilder = {
    name,
    durationSec: undefined,
    durationText: undefined,
    subset: undefined,
    fps: undefined,
    frameCount: undefined,
    extra: {},
    segments: [],
    seen: new Set(),
  };
  videos.set(name, made);
  return made;
}

/** Plain videos without members that are undefined. */
export function buildVideos(videos: VideoBuilders): FormatVideo[] {
  return [...videos.values()].map((video) => ({
    name: video.name,
    ...(video.durationSec === undefined ? {} : { durationSec: video.durationSec }),
    ...(video.durationText === undefined ? {} : { durationText: video.durationText }),
    ...(video.subset === undefined ? {} : { subset: video.subset }),
    ...(video.fps === undefined ? {} : { fps: video.fps }),
    ...(video.frameCount === undefined ? {} : { frameCount: video.frameCount }),
    segments: video.segments,
    ...(Object.keys(video.extra).length === 0 ? {} : { extra: video.extra }),
  }));
}

/** How `addSegment` treats a segment beside the policy. */
export interface AddOptions {
  /** Proposals have no label. */
  readonly labelOptional?: boolean;
  /** Predictions may repeat. */
  readonly duplicatesAllowed?: boolean;
}

/**
 * Adds a segment after the checks that all formats share: numbers, a label, order of the times, the video's ends, duplicates.
 *
 * @param where called only when there is something to say
 */
export function addSegment(
  log: ReadLog,
  video: VideoBuilder,
  segment: FormatSegment,
  where: () => string,
  options: AddOptions = {},
): void {
  let { startSec, endSec } = segment;
  if (!Number.isFinite(startSec) || !Number.isFinite(endSec)) {
    log.problem('not-a-number', 'a time is not a number', where(), 'left out');
    return;
  }
  if (segment.score !== undefined && !Number.isFinite(segment.score)) {
    log.problem('not-a-number', 'the score is not a number', where(), 'left out');
    return;
  }
  if (segment.label === '' && options.labelOptional !== true) {
    log.problem('no-label', 'the segment has no label', where(), 'left out');
    return;
  }
  if (log.asIs) {
    video.segments.push(segment);
    return;
  }
  const repair = log.policy === 'repair';
  if (endSec < startSec) {
    const message = `the end (${endSec} s) is before the start (${startSec} s)`;
    log.problem('end-before-start', message, where(), repair ? 'swapped' : 'left out');
    if (!repair) return;
    [startSec, endSec] = [endSec, startSec];
  }
  if (startSec < 0) {
    const useful = repair && endSec > 0;
    log.problem(
      'before-start',
      `the segment starts before the video (${startSec} s)`,
      where(),
      useful ? 'cut at 0' : 'left out',
    );
    if (!useful) return;
    startSec = 0;
  }
  if (video.durationSec !== undefined && endSec > video.durationSec) {
    const useful = repair && startSec < video.durationSec;
    const message = `the segment ends at ${endSec} s, after the video's end (${video.durationSec} s)`;
    log.problem('beyond-end', message, where(), useful ? 'cut at the end' : 'left out');
    if (!useful) return;
    endSec = video.durationSec;
  }
  if (options.duplicatesAllowed !== true) {
    const key = `${startSec}|${endSec}|${segment.label}`;
    if (video.seen.has(key)) {
      log.problem('duplicate-segment', 'the same segment stands here twice', where(), 'kept once');
      return;
    }
    video.seen.add(key);
  }
  if (startSec === segment.startSec && endSec === segment.endSec) {
    video.segments.push(segment);
    return;
  }
  // The source text says something else now.
  const changed: Omit<FormatSegment, 'timeText'> & { timeText?: TimeText } = { ...segment, startSec, endSec };
  delete changed.timeText;
  video.segments.push(changed);
}

/** Point events have no length. */
export function isPoint(segment: FormatSegment): boolean {
  return segment.startSec === segment.endSec;
}

/** Labels of a document: its own order first, then by appearance. */
export function labelsOf(document: FormatDocument): string[] {
  const labels = new Set(document.labels ?? []);
  for (const video of document.videos) {
    for (const segment of video.segments) {
      if (segment.label !== '' && segment.ignored !== true) labels.add(segment.label);
    }
  }
  return [...labels];
}

/** The one file of a format that is a file. */
export function onlyFile(files: readonly FormatFile[], title: string): FormatFile {
  const [file] = files;
  if (file === undefined || files.length > 1) {
    throw new StudioError(
      'bad-input',
      `${title} is one file; got ${files.length} files. Name the file itself.`,
    );
  }
  return file;
}
