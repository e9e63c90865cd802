/**
 * How well a few held-out videos choose between two models: from videos with their whole truth some are drawn as if held out, the rule chooses
 * on them, and what it chose is measured on the others.
 */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiousOf } from '#core/eval/protocol';
import { chooseVariant } from '#core/train/choice';
import { scoreDetections } from '#core/train/heldOut';
import { createRandom } from '#core/util/random';

interface TruthVideo {
  readonly id: string;
  readonly segments: readonly LabelledSegment[];
}
type Found = Readonly<Record<string, readonly ScoredSegment[]>>;

/** Average mAP on the videos that were not drawn, mean over the draws: of either model, and of the one that was chosen. */
export interface ChoiceFigures {
  readonly heldOutVideos: number;
  readonly heldOutSegments: number;
  /** Standard deviation of the difference on held-out videos around that on the others. */
  readonly noise: number;
  readonly frozen: number;
  readonly lofi: number;
  /** By the plain figure. */
  readonly higher: number;
  /** By the studio's rule. */
  readonly kept: number;
}

/** Plays the choice with so many held-out videos. */
export function playChoices(
  videos: readonly TruthVideo[],
  frozen: Found,
  lofi: Found,
  heldOutVideos: number,
  draws = 100,
): ChoiceFigures {
  const random = createRandom(heldOutVideos);
  const sums = { heldOutSegments: 0, noise: 0, frozen: 0, lofi: 0, higher: 0, kept: 0 };
  for (let draw = 0; draw < draws; draw += 1) {
    const order = random.shuffle([...videos]);
    const held = order.slice(0, heldOutVideos);
    const others = order.slice(heldOutVideos);
    const scoreOf = (found: Found): number =>
      evaluateDetections(
        Object.fromEntries(others.map(({ id, segments }) => [id, segments])),
        Object.fromEntries(others.map(({ id }) => [id, found[id] ?? []])),
        tiousOf('activitynet'),
      ).averageMap;
    const scores = { frozen: scoreOf(frozen), lofi: scoreOf(lofi) };
    const variants = [
      { variant: 'frozen', heldOut: frozen, validation: scoreDetections(held, frozen) },
      { variant: 'lofi', heldOut: lofi, validation: scoreDetections(held, lofi) },
    ] as const;
    const gain = (variants[1].validation?.averageMap ?? 0) - (variants[0].validation?.averageMap ?? 0);
    sums.heldOutSegments += held.reduce((sum, { segments }) => sum + segments.length, 0);
    sums.noise += (gain - (scores.lofi - scores.frozen)) ** 2;
    sums.frozen += scores.frozen;
    sums.lofi += scores.lofi;
    sums.higher += gain < 0 ? scores.frozen : scores.lofi;
    sums.kept += scores[chooseVariant(variants, held).kept];
  }
  return {
    heldOutVideos,
    heldOutSegments: sums.heldOutSegments / draws,
    noise: Math.sqrt(sums.noise / draws),
    frozen: sums.frozen / draws,
    lofi: sums.lofi / draws,
    higher: sums.higher / draws,
    kept: sums.kept / draws,
  };
}
