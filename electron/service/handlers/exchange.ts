/**
 * In and out: annotation files into the project (one undoable step) and labels or predictions of the project into files.
 *
 * The source text of a number stays with its segment (attribute `source.time`), and is written again as long as nobody moved the segment:
 * what came in goes out digit for digit.
 */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Edit, NewSegment } from '#core/contract/edit';
import { StudioError } from '#core/contract/errors';
import type { EditResult, ImportReportInfo, VideoInfo } from '#core/contract/info';
import type {
  FormatDocument,
  FormatFile,
  FormatSegment,
  FormatVideo,
  Policy,
  TimeText,
} from '#core/formats/format';
import { labelsOf } from '#core/formats/format';
import { formatByName } from '#core/formats/registry';
import { matchKey } from '#core/formats/shared/names';
import { writeWholeSync } from '#service/jobs/snapshot';
import { applyEdits, nextColour } from '#service/store/annotate';
import { ptsToSeconds, secondsToPts } from '#service/store/seconds';
import type { Store } from '#service/store/store';

/** Where a segment's own numbers are kept. */
const SOURCE = 'source.time';

interface SourceTime {
  readonly startSec: number;
  readonly endSec: number;
  readonly timeText?: TimeText;
}

/** An import: what it would do and what it did. */
export interface ImportOutcome {
  readonly report: ImportReportInfo;
  /** Null for a dry run, or when there was nothing to add. */
  readonly result: EditResult | null;
}

const SUBSETS: Readonly<Record<string, VideoInfo['subset']>> = {
  training: 'training',
  train: 'training',
  validation: 'validation',
  val: 'validation',
  testing: 'testing',
  test: 'testing',
};

/** Plans the segments of one video under the policy; warnings are appended. */
function segmentsFor(
  store: Store,
  video: VideoInfo,
  source: FormatVideo,
  policy: Policy,
  labelId: (segment: FormatSegment) => string,
  warnings: ImportReportInfo['warnings'][number][],
): NewSegment[] {
  const clock = store.document.video(video.id);
  if (clock === undefined) return [];
  const known = new Set(
    store.document
      .segmentsOfVideo(video.id)
      .map((segment) => `${segment.labelId}/${segment.startPts}/${segment.endPts}`),
  );
  return source.segments.flatMap((segment): NewSegment[] => {
    let startPts = secondsToPts(segment.startSec, clock);
    let endPts = secondsToPts(segment.endSec, clock);
    const where = `${source.name}, ${segment.label}, ${segment.startSec}–${segment.endSec} s`;
    if (startPts < clock.startPts || endPts > clock.endPts) {
      const message = `the segment lies outside ${video.name}, which is ${video.durationSec} s long`;
      if (policy === 'stop') {
        throw new StudioError(
          'bad-input',
          `${where}: ${message}. Correct it, or import with the policy repair or skip.`,
          {
            where,
            kind: 'outside-video',
          },
        );
      }
      const useful = policy === 'repair' && startPts < clock.endPts && endPts > clock.startPts;
      warnings.push({
        kind: 'outside-video',
        message: `${message}; ${useful ? 'cut to fit' : 'left out'}`,
        where,
      });
      if (!useful) return [];
      startPts = Math.max(startPts, clock.startPts);
      endPts = Math.min(endPts, clock.endPts);
    }
    const label = labelId(segment);
    const key = `${label}/${startPts}/${endPts}`;
    if (known.has(key)) {
      warnings.push({ kind: 'already-there', message: 'the project has this segment; kept once', where });
      return [];
    }
    known.add(key);
    const { startSec, endSec, timeText } = segment;
    const time: SourceTime = { startSec, endSec, ...(timeText === undefined ? {} : { timeText }) };
    return [
      {
        id: randomUUID(),
        videoId: video.id,
        labelId: label,
        startPts,
        endPts,
        note: segment.note ?? '',
        attributes: { [SOURCE]: JSON.stringify(time) },
      },
    ];
  });
}

/**
 * Reads an annotation file into the project. A dry run changes nothing and reports the same.
 *
 * @throws StudioError `bad-input` (another format, the first problem under `stop`, predictions instead of labels), `wrong-usage`
 */
export function importFiles(
  store: Store,
  files: readonly FormatFile[],
  options: {
    readonly format: string;
    readonly policy: Policy;
    readonly dryRun: boolean;
    readonly annotator: string;
    readonly name: string;
  },
): ImportOutcome {
  const format = formatByName(options.format);
  const { document, warnings: readWarnings } = format.read(files, { policy: options.policy });
  if (document.kind === 'detections') {
    throw new StudioError(
      'bad-input',
      `${options.name} holds predictions with scores, not labels. Only labels can be imported.`,
      {
        path: options.name,
      },
    );
  }
  const warnings: ImportReportInfo['warnings'][number][] = [...readWarnings];
  const videos = new Map<string, VideoInfo[]>();
  for (const video of store.videos.all()) {
    const key = matchKey(video.name);
    videos.set(key, [...(videos.get(key) ?? []), video]);
  }
  const labels = new Map(store.document.labels().map((label) => [label.name.toLocaleLowerCase(), label.id]));
  const order = store.document.labelCount();
  const newLabels: Extract<Edit, { type: 'add-labels' }>['labels'] = [];
  const labelNamed = (name: string, ignore: boolean): string => {
    const key = name.toLocaleLowerCase();
    const known = labels.get(key);
    if (known !== undefined) return known;
    const id = randomUUID();
    labels.set(key, id);
    newLabels.push({
      id,
      name,
      colour: nextColour(order + newLabels.length),
      key: null,
      parentId: null,
      description: '',
      ignore,
    });
    return id;
  };
  for (const name of labelsOf(document)) labelNamed(name, false);
  const labelId = (segment: FormatSegment): string =>
    segment.ignored === true ? labelNamed(segment.label || 'ignore', true) : labelNamed(segment.label, false);

  const segments: NewSegment[] = [];
  const subsets: Record<VideoInfo['subset'], string[]> = { training: [], validation: [], testing: [] };
  const missing: string[] = [];
  let matched = 0;
  for (const source of document.videos) {
    const found = videos.get(matchKey(source.name)) ?? [];
    const [video] = found;
    if (video === undefined) {
      missing.push(source.name);
      continue;
    }
    if (found.length > 1) {
      const message = `${found.length} videos of the project have this name; the labels go to ${video.path}`;
      if (options.policy === 'stop')
        throw new StudioError('bad-input', `${source.name}: ${message}. Rename one of the files.`);
      warnings.push({ kind: 'ambiguous-video', message, where: source.name });
    }
    matched += 1;
    segments.push(...segmentsFor(store, video, source, options.policy, labelId, warnings));
    const subset = SUBSETS[source.subset?.toLowerCase() ?? ''];
    if (subset !== undefined && subset !== video.subset) subsets[subset].push(video.id);
  }
  const edits: Edit[] = [
    ...(newLabels.length > 0 ? [{ type: 'add-labels' as const, labels: newLabels }] : []),
    ...(segments.length > 0 ? [{ type: 'add-segments' as const, segments }] : []),
    ...(['training', 'validation', 'testing'] as const).flatMap((subset) =>
      subsets[subset].length > 0 ? [{ type: 'set-subset' as const, videoIds: subsets[subset], subset }] : [],
    ),
  ];
  const report: ImportReportInfo = {
    dryRun: options.dryRun,
    videosMatched: matched,
    videosMissing: missing,
    segmentsAdded: segments.length,
    labelsAdded: newLabels.map((label) => label.name),
    warnings,
  };
  if (options.dryRun) return { report, result: null };
  if (edits.length === 0) {
    keepReport(store, report, options);
    return { report, result: null };
  }
  const result = applyEdits(
    store,
    edits,
    { annotator: options.annotator, source: 'import' },
    `Import ${segments.length} segment${segments.length === 1 ? '' : 's'} from ${path.basename(options.name)}`,
  );
  keepReport(store, report, options);
  return { report, result };
}

/** Every import that was meant leaves its report in the project's `logs`. */
function keepReport(
  store: Store,
  report: ImportReportInfo,
  { name, format, policy }: { readonly name: string; readonly format: string; readonly policy: Policy },
): void {
  const stamp = new Date().toISOString().replaceAll(':', '-');
  const text = JSON.stringify({ source: path.resolve(name), format, policy, ...report }, null, 2);
  try {
    fs.mkdirSync(store.layout.logs, { recursive: true });
    writeWholeSync(path.join(store.layout.logs, `import-${stamp}.json`), text);
  } catch (error) {
    // The segments are safe; only their report has no place.
    process.emitWarning(`The import's report could not be kept: ${String(error)}`);
  }
}

function sourceTime(attributes: Readonly<Record<string, string>>): SourceTime | undefined {
  const text = attributes[SOURCE];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as SourceTime;
  } catch {
    return undefined;
  }
}

/** What a file of annotations calls a video: its name without the ending. */
export function exchangeName(video: Pick<VideoInfo, 'name'>): string {
  return video.name.replace(/\.[^.]+$/, '');
}

/** The project's labels, or a model's predictions, in the shape that formats write. */
export function exportDocument(
  store: Store,
  format: string,
  content: 'labels' | 'predictions',
  modelId: string | null,
): FormatDocument {
  const labels = store.document.labels();
  const byId = new Map(labels.map((label) => [label.id, label]));
  if (content === 'predictions' && (modelId ?? store.models.current()?.id) === undefined) {
    throw new StudioError('conflict', 'There is no model, so there are no predictions to export.');
  }
  const segmentsOf = (video: VideoInfo): FormatSegment[] => {
    if (content === 'predictions') {
      return store.predictions.ofVideo(video.id, modelId, 0).map(({ labelId, startSec, endSec, score }) => ({
        label: byId.get(labelId)?.name ?? labelId,
        startSec,
        endSec,
        score,
      }));
    }
    return store.document.segmentsOfVideo(video.id).map((segment): FormatSegment => {
      const label = byId.get(segment.labelId);
      const source = sourceTime(segment.attributes);
      const untouched =
        source !== undefined &&
        secondsToPts(source.startSec, video) === segment.startPts &&
        secondsToPts(source.endSec, video) === segment.endPts;
      return {
        label: label?.name ?? segment.labelId,
        startSec: untouched ? source.startSec : ptsToSeconds(segment.startPts, video),
        endSec: untouched ? source.endSec : ptsToSeconds(segment.endPts, video),
        ...(untouched && source.timeText !== undefined ? { timeText: source.timeText } : {}),
        ...(segment.note === '' ? {} : { note: segment.note }),
        ...(label?.ignore === true ? { ignored: true } : {}),
      };
    });
  };
  return {
    format,
    kind: content === 'predictions' ? 'detections' : 'annotations',
    labels: labels.filter((label) => !label.ignore).map((label) => label.name),
    videos: store.videos.all().map((video) => ({
      name: exchangeName(video),
      durationSec: video.durationSec,
      subset: video.subset,
      fps: { numerator: video.averageRate.num, denominator: video.averageRate.den },
      frameCount: video.frameCount,
      segments: segmentsOf(video),
    })),
  };
}
