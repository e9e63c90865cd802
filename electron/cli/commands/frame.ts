/** `frame`: frame N of a video in presentation order, exactly, as displayed, as a PNG. */
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import type { CliContext } from '#cli/context';
import { writeWhole } from '#cli/files';
import { withMedia } from '#cli/media';

interface FrameOptions {
  readonly index: string;
  readonly out: string;
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('frame')
    .description('one frame, exactly, as a PNG')
    .argument('<file>', 'a video file')
    .requiredOption('--index <n>', 'number of the frame in presentation order, from 0')
    .requiredOption('--out <file>', 'the PNG to write')
    .action(async (file: string, options: FrameOptions) => {
      if (!/^\d+$/.test(options.index)) {
        throw new StudioError('wrong-usage', `--index takes a whole number from 0, not "${options.index}".`);
      }
      const still = await withMedia((media) =>
        media.frame(file, Number(options.index), { format: 'png', signal: context.signal }),
      );
      await writeWhole(options.out, still.data);
      context.log(
        `${options.out}: frame ${options.index}, ${still.width} × ${still.height}, PTS ${still.pts}`,
      );
    });
}
