/** What each stage of a job took: time and peak memory. */
import type { StageFigures } from '#core/train/job';
import { duration } from './bar.ts';

/** Stages in words; the machine names stay in `summary.json`. */
const STAGE_WORDS: Readonly<Record<string, string>> = {
  stage1: 'Stage 1: classification',
  footage: 'Footage',
  project: 'Project and labels',
  decode: 'Decoding',
  target: 'Classifying segments',
  'features-frozen': 'Features, frozen encoder',
  'stage3-frozen': 'Stage 3: head on frozen features',
  warmup: 'Warming the head',
  stage2: 'Stage 2: LoFi, encoder and head',
  'features-lofi': 'Features, tuned encoder',
  'stage3-lofi': 'Stage 3: head on tuned features',
  'predict-frozen': 'Prediction, frozen encoder',
  'predict-lofi': 'Prediction, tuned encoder',
};
const STAGE_WIDTH = 34;
const TIME_WIDTH = 14;

/** Lines of text, the sum of times and the highest peak last. */
export function stageTable(stages: readonly StageFigures[]): string[] {
  const row = (name: string, time: string, memory: string): string =>
    `${name.padEnd(STAGE_WIDTH)}${time.padStart(TIME_WIDTH)}${memory.padStart(TIME_WIDTH)}`;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
  const seconds = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  const peak = Math.max(...stages.map((stage) => stage.peakBytes));
  return [
    row('Stage', 'time', 'peak memory'),
    ...stages.map((stage) =>
      row(STAGE_WORDS[stage.name] ?? stage.name, duration(stage.seconds), megabytes(stage.peakBytes)),
    ),
    row('Whole', duration(seconds), megabytes(peak)),
  ];
}
