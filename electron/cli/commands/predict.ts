/** `predict`: proposed segments for a project's videos, into the project, where the studio's review finds them. */
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import { exchangeName } from '#service/handlers/exchange';
import { preparePrediction } from '#service/jobs/runners';
import type { CliContext } from '#cli/context';
import { withProject } from '#cli/projectJobs';
import { requireEngine } from './train.ts';

interface PredictOptions {
  readonly model?: string;
  readonly video?: readonly string[];
  readonly engine: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('predict')
    .description('predicted segments into the project')
    .argument('<dir>', 'the project')
    .option('--model <id>', 'by default the model in use')
    .option('--video <id...>', 'by default every video')
    .option('--engine <name>', 'by default the fastest that is right', 'auto')
    .option('--json', 'the predictions as JSON (ActivityNet’s results)')
    .action(async (dir: string, options: PredictOptions) => {
      const engine = requireEngine(options.engine);
      await withProject(dir, context, async ({ store, run }) => {
        const model =
          options.model === undefined ? store.models.current() : store.models.require(options.model);
        if (model === undefined) {
          throw new StudioError('bad-input', `${dir} has no model yet. Train one first: train ${dir}`, {
            path: dir,
          });
        }
        const videos = options.video?.map((id) => store.videos.require(id)) ?? store.videos.all();
        if (videos.length === 0) {
          throw new StudioError('bad-input', `${dir} has no videos. Add some: project add ${dir} VIDEO…`, {
            path: dir,
          });
        }
        const job = await run(
          preparePrediction(
            store,
            model,
            videos.map((video) => video.id),
            engine,
          ),
        );
        const names = new Map(store.document.labels().map((label) => [label.id, label.name]));
        const results = Object.fromEntries(
          videos.map((video) => [
            exchangeName(video),
            store.predictions.ofVideo(video.id, model.id, 0).map(({ labelId, startSec, endSec, score }) => ({
              label: names.get(labelId) ?? labelId,
              segment: [startSec, endSec],
              score,
            })),
          ]),
        );
        if (options.json === true)
          context.out({
            model: model.id,
            engine: job.engine,
            version: 'VERSION 1.3',
            results,
            external_data: {},
          });
        else
          for (const [name, list] of Object.entries(results))
            context.log(`${name}: ${list.length} predictions`);
      });
    });
}
