/**
 * What a person asks of the next training, and what the service answers before it starts.
 */
import type { PreflightInfo } from '#core/contract/info';
import type { InvokeInput } from '#core/contract/invoke';
import { codeOf, invoke, messageOf } from '../api/studio.ts';
import { notifyError } from './notices.svelte.ts';

/** Values that the expert panel can set. */
export type ExpertValue = string | number | boolean | null;

class TrainingState {
  aim = $state<'speed' | 'balanced' | 'accuracy'>('balanced');
  timeLimitSec = $state<number | null>(null);
  parentModelId = $state<string | null>(null);
  expert = $state.raw<Readonly<Record<string, ExpertValue>>>({});
  preflight = $state.raw<PreflightInfo | null>(null);
  planning = $state(false);
  starting = $state(false);

  readonly request: InvokeInput<'train.preflight'> = $derived({
    aim: this.aim,
    timeLimitSec: this.timeLimitSec,
    parentModelId: this.parentModelId,
    expert: this.expert,
  });
}

/** The one form. */
export const training = new TrainingState();

let asked = 0;

/** Asks what the present form would take; the newest answer wins. */
export async function readPreflight(): Promise<void> {
  asked += 1;
  const mine = asked;
  training.planning = true;
  try {
    const answer = await invoke('train.preflight', training.request);
    if (mine === asked) {
      training.preflight = answer;
    }
  } catch (error) {
    if (mine === asked) {
      refuse(error);
    }
  } finally {
    if (mine === asked) {
      training.planning = false;
    }
  }
}

/** A setting that cannot work keeps the training from starting, until it is another; everything else is a notice. */
function refuse(error: unknown): void {
  if (training.preflight !== null && ['bad-input', 'wrong-usage'].includes(codeOf(error) ?? '')) {
    training.preflight = { ...training.preflight, blockers: [messageOf(error)] };
  } else {
    notifyError(error);
  }
}

/** Starts the training that the form describes. */
export async function startTraining(): Promise<void> {
  if (training.starting) {
    return;
  }
  training.starting = true;
  try {
    await invoke('train.start', training.request);
  } catch (error) {
    notifyError(error);
    await readPreflight();
  } finally {
    training.starting = false;
  }
}

/** Sets one expert value; `undefined` gives the planner's own back. */
export function setExpert(setting: string, value: ExpertValue | undefined): void {
  const rest = Object.fromEntries(Object.entries(training.expert).filter(([name]) => name !== setting));
  training.expert = value === undefined ? rest : { ...rest, [setting]: value };
}
