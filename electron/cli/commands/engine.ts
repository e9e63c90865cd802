/** `engine list`, `engine install NAME`, `engine test NAME`: what computes here, and why the others do not. */
import type { Command } from 'commander';
import type { EngineName } from '#core/compute/engine';
import type { EngineAccuracy, EngineInfo } from '#core/contract/info';
import { StudioError } from '#core/contract/errors';
import { installEngine, listEngines, testEngine } from '#service/engines/index';
import type { CliContext } from '#cli/context';

const ENGINES: readonly EngineName[] = ['onnx', 'tensorflow', 'webgpu', 'tfjs'];

function requireName(name: string): EngineName {
  const engine = ENGINES.find((each) => each === name);
  if (engine === undefined) {
    throw new StudioError('wrong-usage', `There is no engine "${name}". Engines: ${ENGINES.join(', ')}.`);
  }
  return engine;
}

/** What a person reads of one engine. */
export function describeEngine(engine: EngineInfo): string {
  const step = engine.stepMs === null ? '' : `, ${engine.stepMs.toFixed(0)} ms a step`;
  const state = engine.available ? `available${engine.chosen ? ', chosen' : ''}` : 'not available';
  const words = [engine.device, engine.reason, engine.remedy].filter((word) => word !== null);
  return [
    `${engine.name.padEnd(11)} ${engine.title}: ${state}${step}`,
    ...words.map((word) => `            ${word}`),
    ...(!engine.available && engine.installable
      ? [`            Install it with "engine install ${engine.name}".`]
      : []),
    ...(engine.accuracy === undefined ? [] : [`            ${describeAccuracy(engine.accuracy)}`]),
  ].join('\n');
}

function describeAccuracy({ compared, worst, allowed }: EngineAccuracy): string {
  const part = (kind: 'feature' | 'gradient'): string =>
    `${worst[kind].toExponential(1)} (allowed ${allowed[kind].toExponential(0)})`;
  return `${compared} tensors against float64, largest difference of the peak: outputs ${part('feature')}, gradients ${part('gradient')}`;
}

/** Adds the commands. */
export function register(program: Command, context: CliContext): void {
  const engine = program
    .command('engine')
    .description('which compute engines run here and why the others do not');
  engine
    .command('list')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => {
      const engines = await listEngines();
      if (options.json === true) context.out(engines);
      else for (const each of engines) process.stdout.write(`${describeEngine(each)}\n`);
    });
  engine
    .command('install')
    .description(
      'fetches native TensorFlow into your data folder (pip is needed, and in a checkout a C++ compiler)',
    )
    .argument('<name>', 'tensorflow')
    .option('--gpu', 'with the CUDA 12 libraries')
    .action(async (name: string, options: { gpu?: true }) => {
      if (requireName(name) !== 'tensorflow') {
        throw new StudioError(
          'wrong-usage',
          `"${name}" needs no installation; only tensorflow can be installed.`,
        );
      }
      const cancel = new AbortController();
      const stop = (): void => {
        cancel.abort();
      };
      process.once('SIGINT', stop);
      try {
        await installEngine('tensorflow', {
          gpu: options.gpu === true,
          signal: cancel.signal,
          progress: ({ text }) => {
            context.log(text);
          },
        });
      } finally {
        process.removeListener('SIGINT', stop);
      }
      const tested = await testEngine('tensorflow');
      context.log(describeEngine(tested));
      if (!tested.available)
        throw new StudioError(
          'engine-unavailable',
          tested.reason ?? `${tested.title} gives wrong numbers here.`,
        );
    });
  engine
    .command('test')
    .description('checks one against the reference numbers')
    .argument('<name>')
    .option('--json', 'as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const tested = await testEngine(requireName(name), (text) => {
        context.log(text);
      });
      if (options.json === true) context.out(tested);
      else context.log(describeEngine(tested));
      if (!tested.available || tested.selfTest === 'failed') {
        throw new StudioError(
          'engine-unavailable',
          tested.reason ?? `${tested.title} gives wrong numbers here.`,
        );
      }
    });
}
