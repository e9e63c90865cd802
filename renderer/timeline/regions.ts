/**
 * The horizontal bands of the timeline, top to bottom, and which of them lies at a height. Pure.
 */

/** Heights of the bands above the lanes; 0 hides one. */
export interface Bands {
  readonly overview: number;
  readonly ruler: number;
  readonly covered: number;
  readonly frames: number;
  readonly wave: number;
  readonly scores: number;
}

export type Region = 'overview' | 'ruler' | 'covered' | 'frames' | 'wave' | 'scores' | 'lanes';

/** Bands for a video: the waveform only where there is sound, curves only where a model left some. */
export function bandsFor(hasAudio: boolean, hasScores: boolean): Bands {
  return {
    overview: 24,
    ruler: 22,
    covered: 11,
    frames: 38,
    wave: hasAudio ? 26 : 0,
    scores: hasScores ? 36 : 0,
  };
}

const ORDER = ['overview', 'ruler', 'covered', 'frames', 'wave', 'scores'] as const;

/** Top of a band. */
export function topOf(bands: Bands, region: Region): number {
  let top = 0;
  for (const band of ORDER) {
    if (band === region) {
      return top;
    }
    top += bands[band];
  }
  return top;
}

/** The band at a height. */
export function regionAt(bands: Bands, y: number): Region {
  let top = 0;
  for (const band of ORDER) {
    top += bands[band];
    if (y < top) {
      return band;
    }
  }
  return 'lanes';
}
