/** `probe`: what a video file is, from its own packets; `--pts` lists every frame's time. */
import type { Command } from 'commander';
import type { CliContext } from '#cli/context';
import { withMedia } from '#cli/media';

interface ProbeOptions {
  readonly json?: boolean;
  readonly pts?: boolean;
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('probe')
    .description('what a video file is: size, duration, frames, rate, whether it is VFR, warnings')
    .argument('<file>', 'a video file')
    .option('--json', 'print JSON')
    .option('--pts', 'with every frame’s time, integers in timeBase, in presentation order')
    .action(async (file: string, options: ProbeOptions) => {
      const { facts, answer } = await withMedia(async (media) => {
        const { pts: _pts, ...described } = await media.probe(file, { signal: context.signal });
        if (options.pts !== true) return { facts: described, answer: described };
        const { pts } = await media.frameIndex(file, { signal: context.signal });
        return { facts: described, answer: { ...described, pts: Array.from(pts) } };
      });
      if (options.json === true) {
        context.out(answer);
        return;
      }
      for (const [key, value] of Object.entries(answer)) {
        if (key === 'badges' || key === 'warnings') continue;
        process.stdout.write(
          `${key.padEnd(12)} ${Array.isArray(value) ? value.join(' ') : `${value as string | number | boolean}`}\n`,
        );
      }
      for (const { message, where } of facts.warnings) {
        process.stdout.write(`note         ${message}${where === '' ? '' : ` (${where})`}\n`);
      }
    });
}
