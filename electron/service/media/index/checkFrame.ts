/** Which frame numbers may be asked for. Loads no FFmpeg. */
import { basename } from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { FrameIndex } from './frameIndex.ts';

/** The error of a frame that does not decode. */
export function damagedFrame(path: string, frame: number): StudioError {
  return new StudioError(
    'damaged',
    `${basename(path)}: frame ${frame} cannot be decoded; the file is damaged there.`,
    { path, frame },
  );
}

/** Refuses numbers out of range and frames that are known to be damaged. @throws StudioError `wrong-usage`, `damaged` */
export function checkFrame(path: string, index: FrameIndex, frame: number): void {
  const count = index.pts.length;
  if (!Number.isInteger(frame) || frame < 0 || frame >= count) {
    throw new StudioError(
      'wrong-usage',
      `${basename(path)} has frames 0 to ${count - 1}; there is no frame ${frame}.`,
      { path, frameCount: count },
    );
  }
  if (index.damaged.some(([first, last]) => frame >= first && frame <= last)) throw damagedFrame(path, frame);
}
