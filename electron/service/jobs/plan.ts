/**
 * The planner: from a person's aim and limits to a whole configuration, and in words what it chose and why.
 */
import { STUDIO_CONFIG } from '#core/train/defaults';
import type { TrainConfig } from '#core/train/config';
import { StudioError } from '#core/contract/errors';
import type { TrainRequest } from '#core/contract/invoke';
import { smallerConfig } from './remedy.ts';

/** A planned training. */
export interface Plan {
  readonly config: TrainConfig;
  readonly choices: readonly string[];
}

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Sets one value by dotted path. @throws StudioError `wrong-usage` when there is no such setting or it is of another kind
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
  target[last] = value;
  return result as unknown as TrainConfig;
}

function scaleEpochs(config: TrainConfig, factor: number): TrainConfig {
  const scale = (epochs: number): number => Math.max(epochs > 0 ? 1 : 0, Math.round(epochs * factor));
  return {
    ...config,
    lofi: {
      ...config.lofi,
      epochs: scale(config.lofi.epochs),
      windowEpochs: scale(config.lofi.windowEpochs),
      headWarmupEpochs: scale(config.lofi.headWarmupEpochs),
    },
    head: { ...config.head, epochs: scale(config.head.epochs) },
  };
}

const withSide = (config: TrainConfig, side: number): TrainConfig => ({
  ...config,
  sampling: { ...config.sampling, side },
});

/** What the plan's limits are judged with. */
export interface Estimators {
  /** Null while the machine has not been measured. */
  seconds(config: TrainConfig): number | null;
  memoryBytes(config: TrainConfig): number;
}

/**
 * Plans a training.
 *
 * @param encoder folder of the model to go on from, or null for the shipped encoder
 */
export function planTraining(request: TrainRequest, encoder: string | null, estimate: Estimators): Plan {
  const choices: string[] = [];
  let config: TrainConfig = encoder === null ? STUDIO_CONFIG : { ...STUDIO_CONFIG, encoder };
  if (encoder !== null) choices.push('The encoder of the model that you chose goes on learning.');
  switch (request.aim) {
    case 'speed':
      config = withSide(scaleEpochs(config, 0.5), 64);
      choices.push('For speed: pictures of 64×64 pixels and half the epochs.');
      break;
    case 'accuracy':
      config = withSide(scaleEpochs(config, 1.5), 128);
      choices.push('For accuracy: pictures of 128×128 pixels and one and a half times the epochs.');
      break;
    case 'balanced':
      choices.push(`Balanced: pictures of ${config.sampling.side}×${config.sampling.side} pixels.`);
      break;
  }
  for (const [setting, value] of Object.entries(request.expert)) {
    config = override(config, setting, value);
    choices.push(`You set ${setting} to ${JSON.stringify(value)}.`);
  }
  if (request.memoryLimitBytes !== null) {
    while (estimate.memoryBytes(config) > request.memoryLimitBytes) {
      const smaller = smallerConfig(config);
      if (smaller === null) break;
      config = smaller.config;
      choices.push(`To stay within memory: ${smaller.text}`);
    }
  }
  if (request.timeLimitSec !== null) {
    const seconds = estimate.seconds(config);
    if (seconds !== null && seconds > request.timeLimitSec) {
      const factor = Math.max(0.1, request.timeLimitSec / seconds);
      config = scaleEpochs(config, factor);
      choices.push(`To end in time: ${Math.round(factor * 100)} % of the epochs.`);
    }
  }
  return { config, choices };
}
