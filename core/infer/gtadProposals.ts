/**
 * From G-TAD's maps to proposals, and from proposals to labelled detections.
 *
 * `gtad_inference.py` and `gtad_postprocess.py` of the authors, both branches. G-TAD knows no classes: labels come from a proposal
 * classifier or from scores of the whole video.
 */
import { softNmsIndices, type SoftNmsOptions } from './softNms.ts';

/** A segment without a class, in feature steps. */
export interface Proposal {
  readonly start: number;
  readonly end: number;
  /** 0–1 */
  readonly score: number;
}

/** The maps of one sequence as probabilities. */
export interface GtadProbabilities {
  readonly steps: number;
  readonly durations: number;
  /** [T] */
  readonly start: ArrayLike<number>;
  readonly end: ArrayLike<number>;
  /** [D · T], row d, column s */
  readonly regression: ArrayLike<number>;
  readonly classification: ArrayLike<number>;
}

/** Which cells become proposals. */
export interface ProposalOptions {
  /** ActivityNet branch: only from a likely start to a likely end. */
  readonly gated: boolean;
  /** Also segments that end exactly at the end of the sequence. The original has none. */
  readonly reachEnd: boolean;
}

/** 1 at the edge `always`, at strict local maxima inside, and inside where p > half of the maximum. */
function likely(probability: ArrayLike<number>, always: number): Uint8Array {
  const count = probability.length;
  let most = 0;
  for (let t = 0; t < count; t += 1) most = Math.max(most, probability[t]!);
  const result = new Uint8Array(count);
  result[always] = 1;
  for (let t = 1; t < count - 1; t += 1) {
    const p = probability[t]!;
    if ((p > probability[t - 1]! && p > probability[t + 1]!) || p > 0.5 * most) result[t] = 1;
  }
  return result;
}

/** Every allowed cell as a proposal with score classification · regression. */
export function gtadProposals(maps: GtadProbabilities, { gated, reachEnd }: ProposalOptions): Proposal[] {
  const { steps, durations } = maps;
  const starts = likely(maps.start, 0);
  const ends = likely(maps.end, steps - 1);
  const proposals: Proposal[] = [];
  for (let d = 0; d < durations; d += 1) {
    for (let s = 0; s < steps; s += 1) {
      const end = s + d + 1;
      if (end > steps || (end === steps && !reachEnd)) continue;
      // The last step stands for the end of the sequence.
      if (gated && !(starts[s] === 1 && ends[Math.min(end, steps - 1)] === 1)) continue;
      const cell = d * steps + s;
      proposals.push({ start: s, end, score: maps.classification[cell]! * maps.regression[cell]! });
    }
  }
  return proposals;
}

/** Share of a window by which a video's tail must be longer than the last whole window to get one of its own: one fifth. */
const TAIL_SHARE = 5;

/**
 * Windows of the THUMOS branch (`gtad_lib/dataset.py`): half of them overlapping, and one at the end only where more than a fifth of a
 * window is left. A shorter tail is left out, as there. Sequences of up to a window go through as they are.
 */
export function thumosWindows(length: number, size: number): { start: number; count: number }[] {
  if (length <= size) return [{ start: 0, count: length }];
  const stride = Math.floor(size / 2);
  const count = Math.floor((length + stride - size) / stride);
  const windows = Array.from({ length: count }, (_, index) => ({ start: index * stride, count: size }));
  const left = length - windows.at(-1)!.start - size;
  return left > Math.floor(size / TAIL_SHARE) ? [...windows, { start: length - size, count: size }] : windows;
}

/** Proposals of `longest` steps or more with score 0: they stay candidates, as in `Soft_NMS` of the THUMOS branch. */
export function withoutLong(proposals: readonly Proposal[], longest: number | null): Proposal[] {
  return proposals.map((each) =>
    longest !== null && each.end - each.start >= longest ? { ...each, score: 0 } : each,
  );
}

/** Soft-NMS regardless of class, best first. */
export function suppressProposals(proposals: readonly Proposal[], options: SoftNmsOptions): Proposal[] {
  // The authors sort by score first; that decides which of two equal proposals comes first.
  const sorted = [...proposals].sort((a, b) => b.score - a.score);
  return softNmsIndices(
    sorted.map((item) => item.start),
    sorted.map((item) => item.end),
    sorted.map((item) => item.score),
    options,
  ).map(({ index, score }) => ({ ...sorted[index]!, score }));
}

/** Each proposal once for each of the best `topClasses` classes, score · class score. Video-level scores are the same for all. */
export function labelProposals<P extends Proposal>(
  proposals: readonly P[],
  classScores: (proposal: P) => ArrayLike<number>,
  topClasses: number,
): (P & { readonly classIndex: number })[] {
  return proposals
    .flatMap((proposal) => {
      const scores = Array.from(classScores(proposal));
      const order = scores.map((_, k) => k).sort((a, b) => scores[b]! - scores[a]! || a - b);
      return order
        .slice(0, topClasses)
        .map((classIndex) => ({ ...proposal, classIndex, score: proposal.score * scores[classIndex]! }));
    })
    .sort((a, b) => b.score - a.score);
}
