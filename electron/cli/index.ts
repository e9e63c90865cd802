/**
 * The command line: the first shell of the service. What each command takes, prints and exits with is the table in docs/cli.md.
 *
 * Commands are loaded when they are used, so that `probe` does not wait for the engines to load.
 */
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import { exitCodeOf, StudioError, toErrorInfo } from '#core/contract/errors';
import type { CliContext } from './context.ts';

interface CommandModule {
  readonly register: (program: Command, context: CliContext) => void;
}

/** First word of a command → the file that registers it. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  demo: () => import('./commands/demo.ts'),
  train: () => import('./commands/train.ts'),
  predict: () => import('./commands/predict.ts'),
  project: () => import('./commands/project.ts'),
  import: () => import('./commands/import.ts'),
  export: () => import('./commands/export.ts'),
  probe: () => import('./commands/probe.ts'),
  frame: () => import('./commands/frame.ts'),
  convert: () => import('./commands/convert.ts'),
  evaluate: () => import('./commands/evaluate.ts'),
  'evaluate-proposals': () => import('./commands/evaluateProposals.ts'),
  diagnose: () => import('./commands/diagnose.ts'),
  model: () => import('./commands/model.ts'),
  encode: () => import('./commands/encode.ts'),
  localize: () => import('./commands/localize.ts'),
  engine: () => import('./commands/engine.ts'),
  bench: () => import('./commands/bench.ts'),
  serve: () => import('./commands/serve.ts'),
};

const EXIT_WRONG_USAGE = 2;
const EXIT_INTERRUPTED = 130;

function createContext(): { context: CliContext; interrupted: () => boolean } {
  const controller = new AbortController();
  let interruptions = 0;
  const interrupt = (): void => {
    interruptions += 1;
    if (interruptions > 1) process.exit(EXIT_INTERRUPTED);
    process.stderr.write('\nStopping at the next safe point (once more to stop at once) …\n');
    controller.abort(new StudioError('cancelled', 'Interrupted.'));
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);

  let printed = false;
  let redrawn = false;
  let lastPlain = 0;
  const context: CliContext = {
    signal: controller.signal,
    out: (json) => {
      if (printed) throw new StudioError('internal', 'A command printed two JSON documents.');
      printed = true;
      process.stdout.write(`${JSON.stringify(json)}\n`);
    },
    log: (text) => {
      process.stderr.write(`${redrawn ? '\n' : ''}${text}\n`);
      redrawn = false;
    },
    progress: (text) => {
      if (process.stderr.isTTY) {
        process.stderr.write(`\r\u001b[K${text}`);
        redrawn = true;
      } else if (Date.now() - lastPlain > 5000) {
        lastPlain = Date.now();
        process.stderr.write(`${text}\n`);
      }
    },
  };
  return { context, interrupted: () => interruptions > 0 };
}

/** Runs one command line. @returns the exit code */
export async function main(argv: readonly string[]): Promise<number> {
  const { context, interrupted } = createContext();
  const program = new Command('lofi-studio')
    .description('Label actions in video and fine-tune a temporal action localiser on this machine.')
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError('(add --help for what it takes)');
  try {
    const first = argv.find((word) => !word.startsWith('-'));
    const load = first === undefined ? undefined : COMMANDS[first];
    if (load !== undefined) (await load()).register(program, context);
    else {
      if (first !== undefined)
        throw new StudioError(
          'wrong-usage',
          `There is no command "${first}". Commands: ${Object.keys(COMMANDS).join(', ')}.`,
        );
      for (const register of Object.values(COMMANDS)) (await register()).register(program, context);
      program
        .usage('COMMAND …')
        .addHelpText('after', '\n"COMMAND --help" tells what a command takes; docs/cli.md what it prints.')
        .outputHelp({ error: argv.length === 0 });
      return argv.length === 0 ? EXIT_WRONG_USAGE : 0;
    }
    // Options of subcommands inherit the override, so that wrong usage ends here and not in process.exit.
    const override = (command: Command): void => {
      command.exitOverride();
      command.commands.forEach(override);
    };
    override(program);
    await program.parseAsync([...argv], { from: 'user' });
    return interrupted() ? EXIT_INTERRUPTED : 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_WRONG_USAGE;
    if (interrupted()) {
      const ours = error instanceof StudioError && error.code === 'cancelled';
      context.log(ours ? error.message : 'Interrupted. What was finished is kept.');
      return EXIT_INTERRUPTED;
    }
    const info = toErrorInfo(error);
    context.log(`Error: ${info.message}`);
    if (info.code === 'internal' && process.env['LOFI_DEBUG'] !== undefined)
      context.log(String((error as Error).stack));
    return exitCodeOf(info.code);
  }
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2));
  // Engines keep threads that would hold the process open; everything that must be saved has been awaited.
  process.exit();
}
