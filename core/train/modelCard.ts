/**
 * What a model folder says about itself: the content of `model.json`, checked when it is read.
 */
import * as v from 'valibot';
import type { DetectorConfig } from '#core/model/detectors/config';
import type { EncoderSpec } from '#core/model/encoderSpec';
import type { SamplingConfig, TrainConfig } from './config.ts';
import type { TrainedModel } from './job.ts';

/** What `model.json` of an encoder says. */
export interface EncoderCard {
  readonly version: 1;
  readonly kind: 'encoder';
  readonly name: string;
  readonly spec: EncoderSpec;
  /** How it was made, and its figures. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** What `model.json` of a localiser says. */
export interface LocaliserCard {
  readonly version: 1;
  readonly kind: 'localiser';
  readonly variant: TrainedModel['variant'];
  readonly spec: EncoderSpec;
  readonly detector: DetectorConfig;
  readonly labels: readonly string[];
  readonly sampling: SamplingConfig;
  readonly config: TrainConfig;
  readonly validation: TrainedModel['validation'];
  readonly engine: string;
}

const Spec = v.object({
  family: v.picklist(['tsm-resnet', 'resnet', 'r2plus1d']),
  block: v.picklist(['basic', 'bottleneck']),
  blocks: v.array(v.pipe(v.number(), v.integer())),
  widths: v.array(v.pipe(v.number(), v.integer())),
  stem: v.picklist(['imagenet', 'small']),
  framesPerSnippet: v.pipe(v.number(), v.integer()),
  shiftDivision: v.pipe(v.number(), v.integer()),
  featureChannels: v.pipe(v.number(), v.integer()),
});
const Card = v.looseObject({ version: v.literal(1), kind: v.picklist(['encoder', 'localiser']), spec: Spec });

/** What is wrong with a card, in words; null when it is one. */
export function cardProblem(card: unknown): string | null {
  const checked = v.safeParse(Card, card);
  return checked.success ? null : checked.issues[0].message;
}
