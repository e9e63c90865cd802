/** `evaluate`: mAP of predictions against ground truth, by the protocol of a benchmark. */
import type { Command } from 'commander';
import type { DetectionEvaluation } from '#core/eval/meanAveragePrecision';
import { summariseMatches, unknownLabels } from '#core/eval/meanAveragePrecision';
import { collectEvaluationSet, matchDetections } from '#core/eval/matching';
import type { ProtocolName } from '#core/eval/protocol';
import { isProtocolName, parseTiouRange, PROTOCOLS, tiousOf } from '#core/eval/protocol';
import { StudioError } from '#core/contract/errors';
import type { CliContext } from '#cli/context';
import { readEvaluationInput } from '#cli/evaluationInput';

/** Options of `evaluate` and `diagnose` as they come from the command line. */
export interface EvaluateArguments {
  readonly groundTruth: string;
  readonly predictions: string;
  readonly protocol: string;
  readonly tiou?: string | undefined;
  readonly subset?: string | undefined;
}

/** The protocol's name. @throws StudioError `wrong-usage` */
export function requireProtocol(name: string): ProtocolName {
  if (!isProtocolName(name)) {
    throw new StudioError(
      'wrong-usage',
      `There is no protocol “${name}”. Protocols: ${PROTOCOLS.join(', ')}.`,
    );
  }
  return name;
}

/** Evaluates two files. @throws StudioError `bad-input`, `not-found`, `wrong-usage` */
export async function runEvaluate(
  options: EvaluateArguments,
  log: (text: string) => void,
): Promise<DetectionEvaluation & { readonly protocol: ProtocolName }> {
  const protocol = requireProtocol(options.protocol);
  const tious = tiousOf(protocol, options.tiou === undefined ? undefined : parseTiouRange(options.tiou));
  const input = await readEvaluationInput(options);
  for (const warning of input.warnings) log(`${warning.where}: ${warning.message}`);
  const set = collectEvaluationSet(input.groundTruth, input.predictions);
  const unknown = unknownLabels(set);
  if (unknown.length > 0) log(`Labels that the ground truth lacks do not count: ${unknown.join(', ')}.`);
  return { protocol, ...summariseMatches(matchDetections(set, tious), tious) };
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('evaluate')
    .description('mAP of predictions (ActivityNet JSON) against ground truth (ActivityNet JSON)')
    .requiredOption('--ground-truth <file>', 'ground truth: {"database": …}')
    .requiredOption('--predictions <file>', 'predictions: {"results": …}')
    .requiredOption('--protocol <name>', PROTOCOLS.join(', '))
    .option('--tiou <first:last:step>', 'thresholds, in place of the protocol’s own')
    .option('--subset <name>', 'only ground truth of this subset counts')
    .option('--json', 'the result as JSON (it always is)')
    .action(async (options: EvaluateArguments) => {
      context.out(await runEvaluate(options, (text) => context.log(text)));
    });
}
