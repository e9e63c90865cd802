/**
 * Early stopping of stage 2: now and then its encoder and head are measured on held-out videos at full fidelity, the best encoder stays, and
 * the stage ends when nothing gains any more. With a handful of videos an encoder that learns for too long forgets.
 *
 * Looks are spread over the last phase only: one before would stop at a fidelity that the encoder is not used at. Where the learning rate
 * comes down to nothing at the end, they wait until it has come down: an encoder taken from the middle, at a high rate, is worse than the one
 * that the schedule leads to. A handful of held-out segments cannot tell that apart from a gain that has ended: then there are no looks.
 */
import type { EncoderSession } from '#core/compute/engine';
import type { EpochPlan } from '#core/data/fidelity';
import { coveredSteps } from '#core/data/grid';
import { planSnippets, slicePlan } from '#core/data/snippets';
import type { SnippetPlan } from '#core/data/snippets';
import type { LofiConfig, SamplingConfig } from './config.ts';
import type { TimedVideo, TrainEnvironment } from './environment.ts';
import { extractVideo } from './extract.ts';
import type { VideoFeatures } from './extract.ts';
import { detectVideos, scoreDetections } from './heldOut.ts';
import { cloneParameters } from './optimiser.ts';
import type { LofiState } from './stage2State.ts';

/** What is looked at. */
export interface HeldOutLook {
  readonly config: LofiConfig;
  readonly sampling: SamplingConfig;
  readonly labels: readonly string[];
  readonly validation: readonly TimedVideo[];
}

/** Share of the last phase that has passed before the first look, for learning rates that come down at the end. */
const COOLED = 2 / 3;

/** Numbers of the epochs, from 0, after which held-out videos are looked at. */
export function epochsToLookAfter(
  { heldOutLooks = 0, encoder: { schedule } }: Pick<LofiConfig, 'heldOutLooks' | 'encoder'>,
  epochs: readonly Pick<EpochPlan, 'phase' | 'epoch' | 'phaseEpochs'>[],
): ReadonlySet<number> {
  const last = epochs.at(-1)?.phase;
  const own = epochs.flatMap(({ phase }, index) => (phase === last ? [index] : []));
  const cools = schedule === 'one-cycle' || schedule === 'cosine';
  const late = cools ? own.slice(Math.floor(COOLED * own.length)) : own;
  const looks = Math.min(late.length, heldOutLooks);
  return new Set(
    Array.from({ length: looks }, (_, look) => late[Math.round(((look + 1) * late.length) / looks) - 1]!),
  );
}

/** Whether enough is held out for looks to tell a gain from chance. */
export function canLook(
  { heldOutSegments = 1 }: Pick<LofiConfig, 'heldOutSegments'>,
  validation: readonly Pick<TimedVideo, 'segments'>[],
): boolean {
  return validation.reduce((sum, { segments }) => sum + segments.length, 0) >= heldOutSegments;
}

/** Whether enough looks in a row gained nothing. */
export function hasStopped(
  { patience }: Pick<LofiConfig, 'patience'>,
  { withoutGain }: Pick<LofiState, 'withoutGain'>,
): boolean {
  return patience != null && withoutGain >= patience;
}

/** The steps of a video between the first and the last that somebody looked at, with half a window on both sides for context. */
export function coveredPart(video: TimedVideo, plan: SnippetPlan, windowSnippets: number): SnippetPlan {
  const mask = coveredSteps(video.covered, plan, video.segments);
  const first = mask.indexOf(1);
  if (first < 0) return plan;
  const context = Math.ceil(windowSnippets / 2);
  const start = Math.max(0, first - context);
  const end = Math.min(plan.snippets, mask.lastIndexOf(1) + 1 + context);
  return end - start === plan.snippets ? plan : slicePlan(plan, start, end - start);
}

/**
 * Measures encoder and head of this moment, and remembers the encoder where it is the best so far.
 * @returns whether to stop
 */
export async function lookAtHeldOut(
  environment: TrainEnvironment,
  { config, sampling, labels, validation }: HeldOutLook,
  session: EncoderSession,
  state: LofiState,
  epoch: number,
): Promise<boolean> {
  const { control } = environment;
  const measured = validation.filter((video) => video.segments.length > 0);
  if (measured.length === 0) return false;
  // Trained batch norm would measure each batch by itself.
  const own =
    config.batchNorm === 'frozen'
      ? null
      : await environment.engine.openEncoder(environment.spec, state.encoder, { batchNorm: 'frozen' });
  const features = new Map<string, VideoFeatures>();
  try {
    for (const video of measured) {
      const plan = coveredPart(video, planSnippets(video.timing, sampling), sampling.snippets);
      features.set(video.id, await extractVideo(own ?? session, environment, video, sampling, plan));
    }
  } finally {
    own?.dispose();
  }
  const found = await detectVideos(environment, state.head, measured, features, labels, sampling.snippets);
  const { averageMap } = scoreDetections(measured, found)!;
  control.metric({ name: 'validationMap', series: 'stage2', step: state.step, value: averageMap });
  const isBetter = state.best === null || averageMap > state.best.averageMap;
  state.withoutGain = isBetter ? 0 : state.withoutGain + 1;
  if (isBetter) state.best = { encoder: cloneParameters(state.encoder), epoch, averageMap };
  const { best } = state;
  const isDone = hasStopped(config, state);
  const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
  control.log('info', `Stage 2, epoch ${epoch}: average mAP ${percent(averageMap)} on held-out videos.`);
  if (isDone) {
    control.log(
      'info',
      `Stage 2 stops after epoch ${epoch}, nothing gained any more: the encoder of epoch ${best!.epoch} is kept (${percent(best!.averageMap)}).`,
    );
  }
  return isDone;
}
