/**
 * `bench NAME`: runs one benchmark of test/bench by name; `bench list` says which there are.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import type { Benchmark } from '#bench/benchmark';
import type { CliContext } from '#cli/context';

const BENCH_FOLDER = path.resolve(import.meta.dirname, '../../../test/bench');

async function loadBenchmarks(): Promise<readonly Benchmark[]> {
  const files = (await readdir(BENCH_FOLDER))
    .filter((name) => name.endsWith('.ts') && name !== 'benchmark.ts')
    .sort();
  const found: Benchmark[] = [];
  for (const file of files) {
    const module = (await import(pathToFileURL(path.join(BENCH_FOLDER, file)).href)) as {
      readonly bench?: Benchmark;
    };
    if (module.bench !== undefined) found.push(module.bench);
  }
  return found;
}

/** `--frames 64 --json` → {frames: '64', json: 'true'}. */
export function parseOptions(words: readonly string[]): Record<string, string> {
  const options: Record<string, string> = {};
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? '';
    if (!word.startsWith('--'))
      throw new StudioError('wrong-usage', `Expected an option such as --frames, found "${word}".`);
    const next = words[i + 1];
    const [name, inline] = word.slice(2).split('=', 2);
    if (inline !== undefined) options[name ?? ''] = inline;
    else if (next !== undefined && !next.startsWith('--')) {
      options[name ?? ''] = next;
      i += 1;
    } else options[name ?? ''] = 'true';
  }
  return options;
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('bench')
    .description('run one benchmark by name; "bench list" lists them')
    .argument('<name>', 'name of the benchmark, or list')
    .allowUnknownOption()
    .argument('[options...]', 'options of the benchmark, e.g. --frames 64 --json')
    .action(async (name: string, words: string[]) => {
      const benchmarks = await loadBenchmarks();
      const options = parseOptions(words);
      if (name === 'list') {
        if (options['json'] === 'true')
          context.out(benchmarks.map((one) => ({ name: one.name, summary: one.summary })));
        else for (const one of benchmarks) process.stdout.write(`${one.name.padEnd(22)} ${one.summary}\n`);
        return;
      }
      const chosen = benchmarks.find((one) => one.name === name);
      if (chosen === undefined) {
        throw new StudioError(
          'wrong-usage',
          `There is no benchmark "${name}". There are: ${benchmarks.map((one) => one.name).join(', ')}.`,
        );
      }
      const { json: asJson, ...rest } = options;
      const figures = await chosen.run({ options: rest, log: (text) => context.log(text) });
      if (asJson === 'true') context.out(figures);
      else process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
    });
}
