/**
 * The planner: from a person's aim and limits to a whole configuration, and in words what it chose and why.
 */
import type { EncoderSpec } from '#core/model/encoderSpec';
import { encoderTuning, STUDIO_CONFIG } from '#core/train/defaults';
import type { TrainConfig } from '#core/train/config';
import { StudioError } from '#core/contract/errors';
import type { TrainRequest } from '#core/contract/invoke';
import { settingProblem } from '#core/train/limits';
import { chooseEpochs, chooseWindowing, fitBudget } from '#core/train/planner';
import type { Estimators, Material } from '#core/train/planner';

/** A planned training. */
export interface Plan {
  readonly config: TrainConfig;
  readonly choices: readonly string[];
}

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Sets one value by dotted path.
 *
 * @throws StudioError `wrong-usage` when there is no such setting or it is of another kind, `bad-input` when the value cannot work
 */
export function override(config: TrainConfig, dotted: string, value: unknown): TrainConfig {
  const result = structuredClone(config) as unknown as Plain;
  const names = dotted.split('.');
  const last = names.pop() ?? '';
  let target: unknown = result;
  for (const name of names)
    target = isPlain(target) && Object.hasOwn(target, name) ? target[name] : undefined;
  if (!isPlain(target) || !Object.hasOwn(target, last) || dotted === 'version') {
    throw new StudioError('wrong-usage', `There is no training setting "${dotted}".`, { setting: dotted });
  }
  const old = target[last];
  const fits =
    old === null ||
    value === null ||
    (Array.isArray(old) ? Array.isArray(value) : typeof old === typeof value);
  if (!fits || isPlain(old)) {
    throw new StudioError(
      'wrong-usage',
      `The training setting "${dotted}" is a ${Array.isArray(old) ? 'list' : typeof old}.`,
      {
        setting: dotted,
      },
    );
  }
  const problem = settingProblem(dotted, value);
  if (problem !== null) throw new StudioError('bad-input', problem, { setting: dotted });
  target[last] = value;
  return result as unknown as TrainConfig;
}

/** Sides that the aims start from, and the share of the usual steps. */
const AIMS = {
  speed: { side: 64, steps: 0.5, text: 'For speed: half the steps' },
  balanced: { side: 112, steps: 1, text: 'Balanced' },
  accuracy: { side: 160, steps: 1.5, text: 'For accuracy: one and a half times the steps' },
} as const;

/** The side of an aim, no larger than the videos' own pictures: more pixels would hold nothing more. */
function sideFor(wanted: number, { videos }: Material): number {
  const largest = videos.length === 0 ? wanted : Math.max(...videos.map((video) => video.side));
  return Math.min(wanted, Math.max(48, Math.ceil(largest / 16) * 16));
}

/**
 * Plans a training.
 *
 * @param encoder folder of the model to go on from, or null for the shipped encoder
 * @param spec of the encoder that is tuned, that of the expert settings where they name one
 */
export function planTraining(
  request: TrainRequest,
  encoder: string | null,
  estimate: Estimators,
  material: Material,
  spec: EncoderSpec,
): Plan {
  const choices: string[] = [];
  const aim = AIMS[request.aim];
  const side = sideFor(aim.side, material);
  const { tuning, rates } = encoderTuning(spec);
  let config: TrainConfig = {
    ...STUDIO_CONFIG,
    ...(encoder === null ? {} : { encoder }),
    sampling: { ...STUDIO_CONFIG.sampling, side },
    lofi: {
      ...STUDIO_CONFIG.lofi,
      ...tuning,
      ...(request.aim === 'accuracy' ? { encoderRates: rates } : {}),
    },
    head: { ...STUDIO_CONFIG.head, ...(request.aim === 'speed' ? { learningRates: [] } : {}) },
  };
  if (encoder !== null) choices.push('The encoder of the model that you chose goes on learning.');
  choices.push(`${aim.text}; pictures of ${side}×${side} pixels.`);
  const detector = request.expert['detector'];
  if (detector !== undefined) config = override(config, 'detector', detector);
  const windowing = chooseWindowing(config, material);
  config = chooseEpochs(windowing.config, material, aim.steps);
  choices.push(...windowing.choices);
  for (const [setting, value] of Object.entries(request.expert)) {
    config = override(config, setting, value);
    choices.push(`You set ${setting} to ${JSON.stringify(value)}.`);
  }
  const budget = { memoryBytes: request.memoryLimitBytes, seconds: request.timeLimitSec };
  const fitted = fitBudget(config, budget, estimate);
  return { config: fitted.config, choices: [...choices, ...fitted.choices] };
}
