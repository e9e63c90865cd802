/** `convert`: annotations of one format as another, without a project. */
import path from 'node:path';
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import type { FormatWarning, Policy } from '#core/formats/format';
import { POLICIES } from '#core/formats/format';
import { FORMATS, formatByName } from '#core/formats/registry';
import { parseFrameRate } from '#core/formats/shared/time';
import type { CliContext } from '#cli/context';
import { readFiles, writeJson, writeWhole } from '#cli/files';

/** Options of `convert` as they come from the command line. */
export interface ConvertArguments {
  readonly from: string;
  readonly to: string;
  readonly out: string;
  readonly fps?: string | undefined;
  readonly duration?: string | undefined;
  readonly policy: string;
  readonly report?: string | undefined;
}

/** What was converted. */
export interface ConvertResult {
  readonly from: string;
  readonly to: string;
  readonly out: string;
  readonly videos: number;
  readonly segments: number;
  readonly warnings: readonly FormatWarning[];
}

/** A policy's name. @throws StudioError `wrong-usage` */
export function requirePolicy(name: string): Policy {
  const policy = POLICIES.find((each) => each === name);
  if (policy === undefined) {
    throw new StudioError('wrong-usage', `There is no policy “${name}”. Policies: ${POLICIES.join(', ')}.`);
  }
  return policy;
}

function parseSeconds(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (!(seconds > 0 && Number.isFinite(seconds))) {
    throw new StudioError('wrong-usage', `--duration takes seconds, for example 60.5; got “${text}”.`);
  }
  return seconds;
}

/** Converts a file or folder. Nothing is written when reading stops. @throws StudioError */
export async function runConvert(input: string, options: ConvertArguments): Promise<ConvertResult> {
  const from = formatByName(options.from);
  const to = formatByName(options.to);
  const policy = requirePolicy(options.policy);
  const edge = {
    ...(options.fps === undefined ? {} : { fps: parseFrameRate(options.fps) }),
    ...(options.duration === undefined ? {} : { durationSec: parseSeconds(options.duration) }),
  };
  const { document, warnings: readWarnings } = from.read(await readFiles(input), { policy, ...edge });
  const written = to.write(document, edge);
  const warnings = [...readWarnings, ...written.warnings];
  if (to.shape === 'folder') {
    for (const file of written.files) await writeWhole(path.join(options.out, file.path), file.bytes);
  } else {
    await writeWhole(options.out, written.files[0]!.bytes);
  }
  if (options.report !== undefined) await writeJson(options.report, { warnings });
  const segments = document.videos.reduce((sum, video) => sum + video.segments.length, 0);
  return {
    from: from.name,
    to: to.name,
    out: options.out,
    videos: document.videos.length,
    segments,
    warnings,
  };
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('convert <input>')
    .description(`annotations of one format as another: ${FORMATS.map((format) => format.name).join(', ')}`)
    .requiredOption('--from <format>', 'format of the input')
    .requiredOption('--to <format>', 'format to write')
    .requiredOption('--out <path>', 'file to write, or folder where the format is one')
    .option('--fps <num/den>', 'frame rate, for formats that count frames')
    .option('--duration <seconds>', 'length of videos whose length the input does not say')
    .option('--policy <policy>', `what to do with wrong segments: ${POLICIES.join(', ')}`, 'repair')
    .option('--report <file>', 'write {"warnings": […]} to this file')
    .option('--json', 'print what was converted as JSON')
    .action(async (input: string, options: ConvertArguments & { readonly json?: boolean }) => {
      const result = await runConvert(input, options);
      for (const warning of result.warnings) context.log(`${warning.where}: ${warning.message}`);
      context.log(`${result.segments} segments of ${result.videos} videos written to ${result.out}.`);
      if (options.json === true) context.out(result);
    });
}
