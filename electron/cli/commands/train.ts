/** `train`: LoFi on a project's labels, in the project's own queue; `--resume` goes on with a training that was interrupted. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import type { EngineName } from '#core/compute/engine';
import type { TrainConfig } from '#core/train/config';
import { STUDIO_CONFIG } from '#core/train/defaults';
import { durationText } from '#core/timeline/timeText';
import { override } from '#service/jobs/plan';
import { preflight, trainingSeconds, trainingVideos } from '#service/jobs/preflight';
import { prepareTraining } from '#service/jobs/runners';
import type { CliContext } from '#cli/context';
import { withProject } from '#cli/projectJobs';
import { stageTable } from '#cli/stageTable';

interface TrainOptions {
  readonly config?: string;
  readonly engine: string;
  readonly resume?: string;
  readonly json?: boolean;
}

const ENGINES = ['auto', 'onnx', 'tensorflow', 'webgpu', 'tfjs'] as const;

/** An engine by name. @throws StudioError `wrong-usage` */
export function requireEngine(name: string): EngineName | 'auto' {
  const engine = ENGINES.find((each) => each === name);
  if (engine === undefined) {
    throw new StudioError('wrong-usage', `There is no engine "${name}". Engines: ${ENGINES.join(', ')}.`);
  }
  return engine;
}

/** Sets every value of a nested object; lists and single values are leaves. */
function overlay(config: TrainConfig, values: object, prefix: string): TrainConfig {
  return Object.entries(values).reduce((result, [key, value]: [string, unknown]) => {
    const name = `${prefix}${key}`;
    if (name === 'version') return result;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? overlay(result, value, `${name}.`)
      : override(result, name, value);
  }, config);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`it is not JSON (${(error as Error).message}). Correct that place.`);
  }
}

/**
 * A configuration from a file: what it names replaces what was planned, the rest stays. Settings are checked at once.
 *
 * @throws StudioError `bad-input` naming the file
 */
export async function readConfig(file: string): Promise<(planned: TrainConfig) => TrainConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    throw new StudioError('bad-input', `There is no configuration ${file}. Check the path.`, { path: file });
  }
  try {
    const values: unknown = parseJson(text);
    if (typeof values !== 'object' || values === null || Array.isArray(values)) {
      throw new Error(
        'it is not a JSON object. Write the settings that differ, e.g. {"lofi": {"epochs": 8}}.',
      );
    }
    overlay(STUDIO_CONFIG, values, '');
    return (planned) => overlay(planned, values, '');
  } catch (error) {
    throw new StudioError('bad-input', `${file}: ${(error as Error).message}`, { path: file });
  }
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('train')
    .description('fine-tune with LoFi on the labels of a project')
    .argument('<dir>', 'the project')
    .option('--config <file>', 'JSON with the settings that differ from the defaults')
    .option('--engine <name>', ENGINES.join(', '), 'auto')
    .option('--resume <job>', 'id of an interrupted training')
    .option('--json', 'the job and its models as JSON')
    .action(async (dir: string, options: TrainOptions) => {
      const engine = requireEngine(options.engine);
      const change = options.config === undefined ? null : await readConfig(options.config);
      await withProject(dir, context, async ({ store, jobs, ratesOf, follow, run }) => {
        let job;
        if (options.resume === undefined) {
          // The planner must know the encoder: its size and rates follow from it.
          const encoder = change?.(STUDIO_CONFIG).encoder ?? STUDIO_CONFIG.encoder;
          const request = {
            aim: 'balanced',
            timeLimitSec: null,
            memoryLimitBytes: null,
            parentModelId: null,
            expert: encoder === STUDIO_CONFIG.encoder ? {} : { encoder },
          } as const;
          const { blockers, warnings, choices, ...plan } = preflight(store, request, null, [], () => null);
          if (blockers.length > 0)
            throw new StudioError('bad-input', `${dir}: ${blockers.join(' ')}`, { path: dir });
          for (const text of [...warnings, ...choices]) context.log(text);
          const config = change?.(plan.config) ?? plan.config;
          const rates = await ratesOf(config, engine);
          if (rates !== null) {
            const seconds = trainingSeconds(config, trainingVideos(store), rates);
            context.log(`About ${durationText(seconds)} on this machine.`);
          }
          job = await run(
            prepareTraining(
              store,
              config,
              null,
              engine,
              trainingVideos(store).map((video) => video.id),
              rates,
            ),
          );
        } else {
          job = await follow(jobs.resume(options.resume).id);
        }
        const models = store.models.list().filter((model) => model.jobId === job.id);
        if (options.json === true) {
          context.out({ job, models });
          return;
        }
        for (const model of models) {
          const figure = model.validation === null ? '' : `, average mAP ${model.validation.averageMap}`;
          context.log(
            `${model.id}  ${model.name} (${model.variant})${figure}${model.current ? ', in use' : ''}`,
          );
        }
        const stages = models[0]?.stages ?? [];
        if (stages.length > 0) for (const line of ['', ...stageTable(stages)]) context.log(line);
      });
    });
}
