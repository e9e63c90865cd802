/** `diagnose`: DETAD, with boundary offsets, precision by score and intervals beside it. */
import type { Command } from 'commander';
import type { BootstrapResult } from '#core/eval/bootstrap';
import { bootstrapMap } from '#core/eval/bootstrap';
import { ACTIVITYNET_EDGES, THUMOS_EDGES } from '#core/eval/characteristics';
import type { Diagnosis } from '#core/eval/diagnosis';
import { diagnoseDetections } from '#core/eval/diagnosis';
import { collectEvaluationSet, matchDetections } from '#core/eval/matching';
import type { OffsetHistogram, ScorePoint } from '#core/eval/operatingPoint';
import { boundaryOffsets, precisionAtScores } from '#core/eval/operatingPoint';
import type { ProtocolName } from '#core/eval/protocol';
import { parseTiouRange, PROTOCOLS, tiousOf } from '#core/eval/protocol';
import type { CliContext } from '#cli/context';
import { readEvaluationInput } from '#cli/evaluationInput';
import type { EvaluateArguments } from './evaluate.ts';
import { requireProtocol } from './evaluate.ts';

/** What `diagnose` prints; `tiouOfPoints` is the threshold of offsets and precision by score. */
export interface DiagnoseReport extends Diagnosis {
  readonly protocol: ProtocolName;
  readonly confidence: BootstrapResult;
  readonly tiouOfPoints: number;
  readonly precisionAtScore: readonly ScorePoint[];
  readonly boundaryOffsets: { readonly start: OffsetHistogram; readonly end: OffsetHistogram } | null;
}

/** DETAD looks at THUMOS14 at tIoU .5 alone, at everything else at the protocol's thresholds. */
function tiousFor(protocol: ProtocolName, range: string | undefined): number[] {
  if (range !== undefined) return tiousOf(protocol, parseTiouRange(range));
  return protocol === 'thumos14' ? [0.5] : tiousOf(protocol);
}

/** Diagnoses two files. @throws StudioError `bad-input`, `not-found`, `wrong-usage` */
export async function runDiagnose(
  options: EvaluateArguments,
  log: (text: string) => void = () => undefined,
): Promise<DiagnoseReport> {
  const protocol = requireProtocol(options.protocol);
  const tious = tiousFor(protocol, options.tiou);
  const { groundTruth, predictions, durationsSec, warnings } = await readEvaluationInput(options);
  for (const warning of warnings) log(`${warning.where}: ${warning.message}`);
  const edges = protocol === 'thumos14' || protocol === 'multithumos' ? THUMOS_EDGES : ACTIVITYNET_EDGES;
  const diagnosis = diagnoseDetections(groundTruth, predictions, { tious, durationsSec, edges });
  const set = collectEvaluationSet(groundTruth, predictions);
  const pointTiou = tious.find((tiou) => Math.abs(tiou - 0.5) < 1e-9) ?? tious[0]!;
  const classes = matchDetections(set, [pointTiou]);
  return {
    protocol,
    ...diagnosis,
    confidence: bootstrapMap(groundTruth, predictions, tious, { draws: drawsFor(set.predictions.length) }),
    tiouOfPoints: pointTiou,
    precisionAtScore: precisionAtScores(set, classes, 0),
    boundaryOffsets: boundaryOffsets(set, classes, 0) ?? null,
  };
}

/** Fewer draws where each takes long; the interval of so much data is narrow anyway. */
function drawsFor(predictionCount: number): number {
  return Math.max(100, Math.min(1000, Math.round(2e7 / Math.max(1, predictionCount))));
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('diagnose')
    .description('DETAD: kinds of mistakes, sensitivity, missed segments')
    .requiredOption('--ground-truth <file>', 'ground truth: {"database": …}')
    .requiredOption('--predictions <file>', 'predictions: {"results": …}')
    .requiredOption('--protocol <name>', PROTOCOLS.join(', '))
    .option('--tiou <first:last:step>', 'thresholds, in place of the protocol’s own')
    .option('--subset <name>', 'only ground truth of this subset counts')
    .option('--json', 'the result as JSON (it always is)')
    .action(async (options: EvaluateArguments) => {
      context.out(await runDiagnose(options, (text) => context.log(text)));
    });
}
