/** `evaluate-proposals`: AR@AN and its area for class-agnostic proposals. */
import type { Command } from 'commander';
import { evaluateProposals } from '#core/eval/averageRecall';
import type { CliContext } from '#cli/context';
import { readEvaluationInput } from '#cli/evaluationInput';

/** Options as they come from the command line. */
export interface EvaluateProposalsArguments {
  readonly groundTruth: string;
  readonly proposals: string;
  readonly subset?: string | undefined;
}

/** AR at 1, 5, 10 and 100 proposals a video, the area, and the curve. */
export interface ProposalReport {
  readonly arAt: Readonly<Record<string, number>>;
  readonly auc: number;
  readonly averageRecall: readonly number[];
  readonly proposalsPerVideo: readonly number[];
}

/** Evaluates two files. @throws StudioError `bad-input`, `not-found` */
export async function runEvaluateProposals(
  options: EvaluateProposalsArguments,
  log: (text: string) => void = () => undefined,
): Promise<ProposalReport> {
  const input = await readEvaluationInput({
    groundTruth: options.groundTruth,
    predictions: options.proposals,
    subset: options.subset,
  });
  for (const warning of input.warnings) log(`${warning.where}: ${warning.message}`);
  const { arAt, auc, averageRecall, proposalsPerVideo } = evaluateProposals(
    input.groundTruth,
    input.predictions,
  );
  return { arAt, auc, averageRecall, proposalsPerVideo };
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('evaluate-proposals')
    .description('AR@AN and AUC of proposals (ActivityNet JSON) against ground truth (ActivityNet JSON)')
    .requiredOption('--ground-truth <file>', 'ground truth: {"database": …}')
    .requiredOption('--proposals <file>', 'proposals: {"results": …}; labels are not used')
    .option('--subset <name>', 'only ground truth of this subset counts')
    .option('--json', 'the result as JSON (it always is)')
    .action(async (options: EvaluateProposalsArguments) => {
      context.out(await runEvaluateProposals(options, (text) => context.log(text)));
    });
}
