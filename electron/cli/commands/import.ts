/** `import DIR FILE`: annotations of a file into a project, as one step that can be undone. */
import type { Command } from 'commander';
import { importFiles } from '#service/handlers/exchange';
import { readFormatFiles } from '#service/handlers/formatFiles';
import { openProject } from '#service/store/store';
import type { CliContext } from '#cli/context';
import { writeJson } from '#cli/files';
import { requirePolicy } from './convert.ts';

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('import')
    .description('annotations of a file (or folder) into a project')
    .argument('<dir>', 'the project')
    .argument('<file>')
    .requiredOption('--format <name>', 'activitynet, csv, …')
    .option('--dry-run', 'say what would happen, change nothing')
    .option('--policy <name>', 'stop, repair or skip', 'stop')
    .option('--report <file>', 'the report as JSON')
    .option('--json', 'the report on standard output')
    .action(
      async (
        dir: string,
        file: string,
        options: { format: string; dryRun?: true; policy: string; report?: string; json?: true },
      ) => {
        const policy = requirePolicy(options.policy);
        const dryRun = options.dryRun === true;
        const store = openProject(dir, { readOnly: dryRun });
        try {
          const { report } = importFiles(store, readFormatFiles(file), {
            format: options.format,
            policy,
            dryRun,
            annotator: 'import',
            name: file,
          });
          if (options.report !== undefined) await writeJson(options.report, report);
          for (const warning of report.warnings) context.log(`${warning.where}: ${warning.message}`);
          for (const name of report.videosMissing) context.log(`${name}: no such video in the project.`);
          if (options.json === true) context.out(report);
          else {
            context.log(
              `${dryRun ? 'Would add' : 'Added'} ${report.segmentsAdded} segments in ${report.videosMatched} videos, ${report.labelsAdded.length} new labels.`,
            );
          }
        } finally {
          store.close();
        }
      },
    );
}
