/** `demo`: the main job, whole, on footage that it generates itself. */
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import type { CliContext } from '#cli/context';
import { runDemo } from '#cli/demo/runDemo';
import { requireEngine } from './train.ts';

interface DemoFlags {
  readonly out: string;
  readonly engine: string;
  readonly seed: string;
  readonly quick?: boolean;
  readonly fromScratch?: boolean;
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('demo')
    .description('generate untrimmed videos, fine-tune with LoFi, predict on unseen ones, evaluate')
    .option('--out <dir>', 'where it works and leaves a project', 'demo-out')
    .option('--engine <name>', 'by default the fastest that is right', 'auto')
    .option('--seed <n>', 'of footage and training', '1')
    .option('--quick', 'the same path, smaller')
    .option('--from-scratch', 'pre-train the small encoder as well')
    .action(async (flags: DemoFlags) => {
      const seed = Number(flags.seed);
      if (!Number.isSafeInteger(seed) || seed < 0) {
        throw new StudioError('wrong-usage', `--seed takes a whole number from 0 up, not "${flags.seed}".`);
      }
      const options = {
        out: flags.out,
        engine: requireEngine(flags.engine),
        seed,
        quick: flags.quick === true,
        fromScratch: flags.fromScratch === true,
      };
      await runDemo(options, context).catch((error: unknown) => {
        if (!context.signal.aborted) throw error;
        throw new StudioError(
          'cancelled',
          'Interrupted. What was finished is kept: the same command goes on from here.',
        );
      });
    });
}
