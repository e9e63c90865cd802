/**
 * From plans to the arrays that an encoder takes: reads the frames of each snippet, resizes, augments and stacks them.
 */
import type { FrameBatch } from '#core/compute/engine';
import { changeFrames } from './augment.ts';
import type { FrameChange } from './augment.ts';
import { resizeFrames } from './resize.ts';
import type { SnippetPlan } from './snippets.ts';

/** Where decoded frames come from: a cache, or a decoder. */
export interface FrameSource {
  /**
   * Frames of a video at full side, in the order asked for (ascending, each once). uint8 [indices, side, side, 3]
   */
  read(videoId: string, indices: Int32Array): Promise<Uint8Array>;
  /** Side in pixels of what `read` returns. */
  readonly side: number;
}

/** Frames of a plan as uint8 [S, T, side, side, 3]. Each frame is read, resized and changed once, then copied to every snippet that shows it. */
export async function assembleSnippets(
  source: FrameSource,
  videoId: string,
  plan: SnippetPlan,
  side: number,
  change: FrameChange | null,
): Promise<Uint8Array> {
  const indices = Int32Array.from(new Set(plan.frames)).sort();
  const read = await source.read(videoId, indices);
  const small = resizeFrames(read, indices.length, source.side, side);
  const frames = change === null ? small : changeFrames(small, indices.length, side, change);
  const position = new Map<number, number>();
  indices.forEach((frame, at) => position.set(frame, at));
  const bytes = side * side * 3;
  const out = new Uint8Array(plan.frames.length * bytes);
  plan.frames.forEach((frame, at) => {
    const from = position.get(frame)! * bytes;
    out.set(frames.subarray(from, from + bytes), at * bytes);
  });
  return out;
}

/** Several assembled videos as one batch of snippets. Each is uint8 [Sᵢ, T, side, side, 3]. */
export function stackSnippets(
  parts: readonly Uint8Array[],
  framesPerSnippet: number,
  side: number,
): FrameBatch {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const data = parts.length === 1 ? parts[0]! : new Uint8Array(total);
  if (parts.length > 1) {
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
  }
  const snippets = total / (framesPerSnippet * side * side * 3);
  return { data, shape: [snippets, framesPerSnippet, side, side, 3] };
}
