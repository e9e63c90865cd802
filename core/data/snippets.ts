/**
 * How a video becomes snippets: which frames each snippet holds, and how positions on the feature grid relate to seconds.
 *
 * `resize` spreads a fixed number of snippets over the video (LoFi, G-TAD: L = 100); `sliding` places one snippet every interval
 * (TSM's dense sampling; ActionFormer). Grid position g is `startSec + g · stepSec`; snippet i covers [i, i + 1) and its frames lie
 * around the middle of that.
 */
import type { SamplingConfig } from '#core/train/config';

/** When each frame is shown. */
export interface VideoTiming {
  /** Presentation time of every frame in seconds, ascending. */
  readonly frameSec: Float64Array;
  /** End of the last frame in seconds. */
  readonly endSec: number;
}

/** The snippets of one stretch of video. */
export interface SnippetPlan {
  readonly snippets: number;
  readonly framesPerSnippet: number;
  /** int32 [snippets, framesPerSnippet]: frame numbers in presentation order */
  readonly frames: Int32Array;
  /** Seconds of grid position 0. */
  readonly startSec: number;
  /** Seconds from one snippet to the next. */
  readonly stepSec: number;
}

/** What changes a plan without changing the configuration. */
export interface PlanChange {
  /** Divides the number of snippets (T-LoFi). */
  readonly temporalFactor?: number;
  /** Moves the whole grid by so many frames (augmentation). */
  readonly offsetFrames?: number;
}

/** Timing of a video with a constant frame rate. */
export function constantTiming(frameCount: number, framesPerSecond: number): VideoTiming {
  return {
    frameSec: Float64Array.from({ length: frameCount }, (_, index) => index / framesPerSecond),
    endSec: frameCount / framesPerSecond,
  };
}

/** The frame that is on the screen at a time; the first or last one outside the video. */
export function frameAt(timing: VideoTiming, sec: number): number {
  const { frameSec } = timing;
  let low = 0;
  let high = frameSec.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    // Half a microsecond of slack: times such as 1/6 s travel through sums.
    if (frameSec[middle]! <= sec + 5e-7) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Average frames a second; 1 where it cannot be known. */
export function averageRate(timing: VideoTiming): number {
  const length = timing.endSec - (timing.frameSec[0] ?? 0);
  return length > 0 ? timing.frameSec.length / length : 1;
}

/** Snippets that a configuration gives a video at full temporal fidelity. */
export function snippetCount(timing: VideoTiming, sampling: SamplingConfig): number {
  if (sampling.mode === 'resize') return sampling.snippets;
  const intervalSec = slidingIntervalSec(sampling, averageRate(timing));
  return Math.max(1, Math.ceil((timing.endSec - timing.frameSec[0]!) / intervalSec - 1e-6));
}

/** Seconds from one snippet to the next in `sliding` mode. */
function slidingIntervalSec(sampling: SamplingConfig, rate: number): number {
  return sampling.intervalSec ?? slidingInterval(sampling) / rate;
}

/** Frames from one snippet to the next in `sliding` mode. */
export function slidingInterval(sampling: SamplingConfig): number {
  return sampling.intervalFrames ?? sampling.framesPerSnippet * (sampling.strideFrames ?? 1);
}

/** Plans the snippets of a whole video. */
export function planSnippets(
  timing: VideoTiming,
  sampling: SamplingConfig,
  change: PlanChange = {},
): SnippetPlan {
  const { framesPerSnippet, strideFrames, spanSec } = sampling;
  const rate = averageRate(timing);
  const snippets = Math.max(1, Math.round(snippetCount(timing, sampling) / (change.temporalFactor ?? 1)));
  const firstSec = timing.frameSec[0] ?? 0;
  const stepSec =
    sampling.mode === 'resize'
      ? (timing.endSec - firstSec) / snippets
      : slidingIntervalSec(sampling, rate) * (change.temporalFactor ?? 1);
  const offset = Math.round(change.offsetFrames ?? 0);
  const last = timing.frameSec.length - 1;
  const frames = new Int32Array(snippets * framesPerSnippet);
  for (let s = 0; s < snippets; s += 1) {
    const centre = firstSec + (s + 0.5) * stepSec;
    for (let f = 0; f < framesPerSnippet; f += 1) {
      const frame =
        spanSec !== undefined
          ? frameAt(timing, centre + ((f + 0.5) / framesPerSnippet - 0.5) * spanSec)
          : strideFrames === null
            ? frameAt(timing, firstSec + (s + (f + 0.5) / framesPerSnippet) * stepSec)
            : frameAt(timing, centre) + Math.round((f - framesPerSnippet / 2) * strideFrames);
      frames[s * framesPerSnippet + f] = Math.min(last, Math.max(0, frame + offset));
    }
  }
  return { snippets, framesPerSnippet, frames, startSec: firstSec + offset / rate, stepSec };
}

/** A run of consecutive snippets of a plan. */
export function slicePlan(plan: SnippetPlan, first: number, count: number): SnippetPlan {
  const from = first * plan.framesPerSnippet;
  return {
    snippets: count,
    framesPerSnippet: plan.framesPerSnippet,
    frames: plan.frames.slice(from, from + count * plan.framesPerSnippet),
    startSec: plan.startSec + first * plan.stepSec,
    stepSec: plan.stepSec,
  };
}

/** Frame numbers that any of the plans needs when its grid moves by up to `jitter` frames; ascending, each once. */
export function neededFrames(plans: readonly SnippetPlan[], frameCount: number, jitter: number): Int32Array {
  const wanted = new Uint8Array(frameCount);
  for (const plan of plans) {
    for (const frame of plan.frames) {
      const low = Math.max(0, frame - jitter);
      const high = Math.min(frameCount - 1, frame + jitter);
      for (let i = low; i <= high; i += 1) wanted[i] = 1;
    }
  }
  const frames: number[] = [];
  wanted.forEach((flag, index) => {
    if (flag === 1) frames.push(index);
  });
  return Int32Array.from(frames);
}
