/** Ground truth and predictions for `evaluate`, `evaluate-proposals` and `diagnose`, from ActivityNet JSON. */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';
import { activitynet } from '#core/formats/activitynet';
import type { FormatDocument, FormatSegment, FormatWarning } from '#core/formats/format';
import { readBytes } from './files.ts';

/** What the three commands measure. */
export interface EvaluationInput {
  readonly groundTruth: ReadonlyMap<string, readonly LabelledSegment[]>;
  readonly predictions: ReadonlyMap<string, readonly ScoredSegment[]>;
  /** Lengths of the videos of the ground truth, where the file says them. */
  readonly durationsSec: ReadonlyMap<string, number>;
  readonly warnings: readonly FormatWarning[];
}

/** Times in annotation files are rounded. */
const END_SLACK_SEC = 0.5;

/** Where the input stands. */
export interface EvaluationInputOptions {
  readonly groundTruth: string;
  readonly predictions: string;
  /** Only ground truth of this subset counts. */
  readonly subset?: string | undefined;
}

async function readDocument(
  file: string,
): Promise<{ document: FormatDocument; warnings: readonly FormatWarning[] }> {
  return activitynet.read([{ path: file, bytes: await readBytes(file) }], { policy: 'stop', asIs: true });
}

/**
 * Reads both files.
 *
 * @throws StudioError `bad-input` when a file is of the other kind, the subset is unknown, the ground truth is empty, or a segment is longer
 *   than its video
 */
export async function readEvaluationInput(options: EvaluationInputOptions): Promise<EvaluationInput> {
  const truth = await readDocument(options.groundTruth);
  const found = await readDocument(options.predictions);
  requireKind(truth.document, 'annotations', options.groundTruth, 'ground truth ("database")');
  requireKind(found.document, 'detections', options.predictions, 'predictions ("results")');
  const { subset } = options;
  const chosen = truth.document.videos.filter((video) => subset === undefined || video.subset === subset);
  if (chosen.every((video) => video.segments.length === 0)) {
    const subsets = [...new Set(truth.document.videos.map((video) => video.subset ?? '(none)'))].join(', ');
    throw new StudioError(
      'bad-input',
      `${options.groundTruth} has no segments${subset === undefined ? '' : ` in subset “${subset}”`}, so there is nothing to measure against. Subsets in the file: ${subsets || '(no videos)'}.`,
      { path: options.groundTruth },
    );
  }
  requireFitting(chosen, options.groundTruth);
  requireCommonVideos(truth.document, found.document, options);
  return {
    groundTruth: new Map(chosen.map((video) => [video.name, video.segments])),
    predictions: new Map(
      found.document.videos.map((video) => [
        video.name,
        video.segments.map((each) => scored(each, video.name, options.predictions)),
      ]),
    ),
    durationsSec: new Map(
      chosen.flatMap((video) => (video.durationSec === undefined ? [] : [[video.name, video.durationSec]])),
    ),
    warnings: [...truth.warnings, ...found.warnings, ...beyondEnd(chosen, options.groundTruth)],
  };
}

/** A segment that is longer than its video belongs to another video, or its times are frames or milliseconds. */
function requireFitting(videos: FormatDocument['videos'], file: string): void {
  for (const { name, durationSec, segments } of videos) {
    const segment = segments.find(
      ({ startSec, endSec }) => durationSec !== undefined && endSec - startSec > durationSec + END_SLACK_SEC,
    );
    if (segment === undefined) continue;
    const { startSec, endSec, label } = segment;
    throw new StudioError(
      'bad-input',
      `${file}: the segment ${startSec}–${endSec} s (“${label}”) is longer than its video ${name} (${durationSec} s). Are its times in seconds? Correct the segment or the duration.`,
      { path: file, video: name },
    );
  }
}

/** Published annotation files have segments that end a little behind their video, so they count as they are; yet somebody should know. */
function beyondEnd(videos: FormatDocument['videos'], file: string): FormatWarning[] {
  return videos.flatMap(({ name, durationSec, segments }) =>
    segments
      .filter(({ endSec }) => durationSec !== undefined && endSec > durationSec + END_SLACK_SEC)
      .map(({ startSec, endSec, label }) => ({
        kind: 'beyond-end',
        message: `the segment ${startSec}–${endSec} s (“${label}”) of video ${name} ends behind the video (${durationSec} s). It counts as it is.`,
        where: file,
      })),
  );
}

function scored(segment: FormatSegment, video: string, file: string): ScoredSegment {
  const { label, startSec, endSec, score } = segment;
  if (score === undefined) {
    throw new StudioError(
      'bad-input',
      `${file}: a prediction of video ${video} has no "score". Write one for each.`,
      { path: file },
    );
  }
  return { label, startSec, endSec, score };
}

/** Names of the two files that never meet would give a silent zero. */
function requireCommonVideos(
  truth: FormatDocument,
  found: FormatDocument,
  { groundTruth, predictions }: EvaluationInputOptions,
): void {
  const known = new Set(truth.videos.map(({ name }) => name));
  const first = found.videos[0];
  if (first === undefined || found.videos.some(({ name }) => known.has(name))) return;
  throw new StudioError(
    'bad-input',
    `No video of ${predictions} ("${first.name}", …) is in ${groundTruth} ("${truth.videos[0]?.name ?? ''}", …). Give each video the same name in both files.`,
    { path: predictions },
  );
}

function requireKind(
  document: FormatDocument,
  kind: FormatDocument['kind'],
  file: string,
  words: string,
): void {
  if (document.kind !== kind) {
    throw new StudioError('bad-input', `${file} holds no ${words}. Check which file is which.`, {
      path: file,
    });
  }
}
