/** `export DIR`: a project's labels, or a model's predictions, as a file of any format. */
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import { formatByName } from '#core/formats/registry';
import { exportDocument } from '#service/handlers/exchange';
import { writeFormatFiles } from '#service/handlers/formatFiles';
import { openProject } from '#service/store/store';
import type { CliContext } from '#cli/context';
import { writeJson } from '#cli/files';

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('export')
    .description('a project’s labels, or a model’s predictions, as a file')
    .argument('<dir>', 'the project')
    .requiredOption('--format <name>', 'activitynet, csv, …')
    .requiredOption('--out <path>')
    .option('--content <what>', 'labels or predictions', 'labels')
    .option('--model <id>', 'whose predictions; by default those of the model in use')
    .option('--report <file>', 'what the format could not hold, as JSON')
    .action(
      async (
        dir: string,
        options: { format: string; out: string; content: string; model?: string; report?: string },
      ) => {
        const { content } = options;
        if (content !== 'labels' && content !== 'predictions') {
          throw new StudioError('wrong-usage', `--content is labels or predictions, not "${content}".`);
        }
        const format = formatByName(options.format);
        const store = openProject(dir, { readOnly: true });
        try {
          const document = exportDocument(store, format.name, content, options.model ?? null);
          const { files, warnings } = format.write(document, {});
          writeFormatFiles(options.out, files, format.shape);
          for (const warning of warnings) context.log(`${warning.where}: ${warning.message}`);
          if (options.report !== undefined) await writeJson(options.report, { warnings });
          context.log(`${options.out} written.`);
        } finally {
          store.close();
        }
      },
    );
}
