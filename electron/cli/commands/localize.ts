/** `localize`: segments from features with a head, G-TAD's own checkpoints or a localiser of this program. */
import path from 'node:path';
import type { Command } from 'commander';
import type { ScoredSegment } from '#core/annotation/segment';
import { StudioError } from '#core/contract/errors';
import { activitynet } from '#core/formats/activitynet';
import { buildDetector } from '#core/model/detectors/build';
import type { DetectorConfig, GtadConfig } from '#core/model/detectors/config';
import { gtadDetectProposals, gtadForward } from '#core/model/detectors/gtad';
import { readNpy, writeNpy } from '#core/model/weights/npy';
import { readVideoScores, type VideoScores } from '#core/formats/research/videoScores';
import { detectSliding } from '#core/infer/slidingDetections';
import { labelProposals, type Proposal } from '#core/infer/gtadProposals';
import { openEngine } from '#service/engines/index';
import type { CliContext } from '#cli/context';
import { readBytes, writeWhole } from '#cli/files';
import { readHead, type HeadInput } from '#cli/weightsInput';
import { requireEngineName } from './encode.ts';

/** Options as they come from the command line. */
export interface LocalizeArguments {
  readonly features: string;
  readonly detector: string;
  readonly duration?: string | undefined;
  /** Seconds from one feature step to the next; absent: the steps divide the duration. */
  readonly interval?: string | undefined;
  readonly out: string;
  readonly raw?: string | undefined;
  /** A video-level classifier's answer: {label: score}, or of many videos as the CUHK team's file. */
  readonly videoScores?: string | undefined;
  readonly engine: string;
}

/** Classes of the video that label each proposal, as in `gtad_postprocess.py`. */
const VIDEO_CLASSES = 2;

/** What was written. */
export interface LocalizeResult {
  readonly out: string;
  readonly detector: DetectorConfig['name'];
  readonly detections: number;
  readonly raw: readonly string[];
}

/** Features of one video. @throws StudioError `bad-input` for another shape or values that are not numbers */
async function readFeatures(file: string, channels: number): Promise<{ data: Float32Array; steps: number }> {
  const { shape, data } = readNpy(await readBytes(file), file);
  const [steps, width] = shape;
  if (shape.length !== 2 || steps === undefined || steps < 1 || width !== channels) {
    throw new StudioError(
      'bad-input',
      `${file} has the shape [${shape.join(', ')}]; the head takes [T, ${channels}]. Use features of the encoder that it was trained on.`,
      { path: file },
    );
  }
  const features = Float32Array.from(data);
  const wrong = features.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new StudioError(
      'bad-input',
      `${file}: the value at [${Math.floor(wrong / channels)}, ${wrong % channels}] is not a number. Extract the features again.`,
      {
        path: file,
        offset: wrong,
      },
    );
  }
  return { data: features, steps };
}

function secondsOf(text: string | undefined, option: string): number | null {
  if (text === undefined) return null;
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (!(seconds > 0 && Number.isFinite(seconds))) {
    throw new StudioError('wrong-usage', `${option} takes seconds, for example 60.5; got “${text}”.`);
  }
  return seconds;
}

/**
 * Proposals labelled by the video's best two classes where their scores are given, as G-TAD's authors do. A localiser of this program then
 * leaves its own proposal classifier aside.
 */
async function proposalsOf(
  { config, parameters, windowSnippets }: HeadInput & { readonly config: GtadConfig },
  data: Float32Array,
  steps: number,
  scores: VideoScores | null,
): Promise<(Proposal & { label: string })[]> {
  const isTrainedHere = windowSnippets !== null;
  const proposals = isTrainedHere
    ? await detectSliding(
        buildDetector({ ...config, numClasses: 0 }),
        parameters,
        data,
        steps,
        windowSnippets,
      )
    : await gtadDetectProposals(config, parameters, data, steps);
  if (scores === null) return proposals.map((each) => ({ ...each, label: '' }));
  return labelProposals(proposals, () => scores.scores, VIDEO_CLASSES).map((each) => ({
    ...each,
    label: scores.labels[each.classIndex]!,
  }));
}

/** Localises and writes ActivityNet detections; without a duration, times are in feature steps. @throws StudioError */
export async function runLocalize(options: LocalizeArguments): Promise<LocalizeResult> {
  const head = await readHead(options.detector);
  const { config, parameters, labels, windowSnippets } = head;
  const { data, steps } = await readFeatures(options.features, config.inChannels);
  const intervalSec = secondsOf(options.interval, '--interval');
  const durationSec = secondsOf(options.duration, '--duration') ?? steps * (intervalSec ?? 1);
  if (options.raw !== undefined && config.name !== 'g-tad') {
    throw new StudioError('wrong-usage', '--raw writes the maps of G-TAD; this head is another one.');
  }
  const name = path.basename(options.features).replace(/\.npy$/i, '');
  if (options.videoScores !== undefined && config.name !== 'g-tad') {
    throw new StudioError(
      'wrong-usage',
      '--video-scores labels proposals of G-TAD; this head judges its labels itself.',
    );
  }
  const videoScores =
    options.videoScores === undefined
      ? null
      : readVideoScores(await readBytes(options.videoScores), options.videoScores, name);
  const engine = await openEngine(requireEngineName(options.engine));
  try {
    await engine.useHeadBackend();
    const raw: string[] = [];
    if (options.raw !== undefined && config.name === 'g-tad') {
      const maps = await gtadForward(config, parameters, data, steps);
      const write = async (name: string, shape: readonly number[], values: Float32Array): Promise<void> => {
        const file = path.join(options.raw!, name);
        await writeWhole(file, writeNpy(shape, values));
        raw.push(file);
      };
      await write('start.npy', [maps.steps], maps.start);
      await write('end.npy', [maps.steps], maps.end);
      await write('confidence.npy', [2, maps.durations, maps.steps], maps.confidence);
    }
    const seconds = (step: number): number =>
      intervalSec === null ? (step / steps) * durationSec : step * intervalSec;
    const found =
      config.name === 'g-tad' && (labels.length === 0 || videoScores !== null)
        ? await proposalsOf({ ...head, config }, data, steps, videoScores)
        : (await detectSliding(buildDetector(config), parameters, data, steps, windowSnippets ?? steps)).map(
            (each) => ({
              ...each,
              label: labels[each.classIndex] ?? '',
            }),
          );
    const segments = found
      .map(({ start, end, score, label }): ScoredSegment => ({
        startSec: Math.max(0, seconds(start)),
        endSec: Math.min(durationSec, seconds(end)),
        score,
        label,
      }))
      .filter(({ startSec, endSec }) => endSec > startSec);
    const { files } = activitynet.write(
      { format: 'activitynet', kind: 'detections', videos: [{ name, segments }] },
      {},
    );
    await writeWhole(options.out, files[0]!.bytes);
    return { out: options.out, detector: config.name, detections: segments.length, raw };
  } finally {
    await engine.dispose();
  }
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('localize')
    .description('segments from features: ActivityNet detections JSON')
    .requiredOption('--features <file>', 'float32 [T, C] as .npy')
    .requiredOption('--detector <checkpoint>', 'a G-TAD checkpoint, or the folder of a localiser')
    .option('--duration <seconds>', 'length of the video; without it times are in feature steps')
    .option(
      '--interval <seconds>',
      'from one feature step to the next; by default the steps divide the duration',
    )
    .requiredOption('--out <file>', 'detections as JSON')
    .option('--raw <folder>', 'G-TAD: also start.npy [T], end.npy [T], confidence.npy [2, D, T]')
    .option(
      '--video-scores <file>',
      'G-TAD: {"label": score} of the whole video, or {"class": […], "results": {"video": […]}}; its best two classes label the proposals',
    )
    .option('--engine <name>', 'compute engine', 'auto')
    .option('--json', 'print what was written as JSON')
    .action(async (options: LocalizeArguments & { readonly json?: boolean }) => {
      const result = await runLocalize(options);
      if (options.duration === undefined) context.log('No --duration: times are in feature steps.');
      context.log(`${result.detections} segments written to ${result.out}.`);
      if (options.json === true) context.out(result);
    });
}
