/**
 * Rows for tests of the store: videos that were never decoded. Tests of media use real files.
 */
import type { NewVideo } from '#service/store/videos';

/** A video of 60 s at 25 fps with a time base of 1/12800. */
export function newVideo(number: number, change: Partial<NewVideo> = {}): NewVideo {
  return {
    path: `/videos/video-${number}.mp4`,
    contentHash: `hash-${number}`,
    bytes: 1000,
    codec: 'h264',
    width: 320,
    height: 240,
    durationSec: 60,
    frameCount: 1500,
    timeBase: { num: 1, den: 12_800 },
    averageRate: { num: 25, den: 1 },
    startPts: 0,
    hasAudio: false,
    playable: true,
    badges: [],
    id: `v${number}`,
    ...change,
  };
}
