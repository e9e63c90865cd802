/**
 * Where a thumbnail lies: which sheet, which tile. The same arithmetic as `electron/service/media/derive/thumbnails.ts`, which
 * makes the sheets.
 */

/** Seconds between thumbnails that sheets are made for, densest first. */
export const SHEET_DENSITIES_SEC = [0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

const TILE_HEIGHT = 60;
const COLUMNS = 10;
const PER_SHEET = 100;

/** A tile of a sheet, in pixels. */
export interface SheetTile {
  readonly sheet: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The sparsest density that still has a picture of its own for each step. */
export function densityFor(stepSec: number): number {
  let best: number = SHEET_DENSITIES_SEC[0];
  for (const density of SHEET_DENSITIES_SEC) {
    if (density <= stepSec * 1.01) {
      best = density;
    }
  }
  return best;
}

/** Width of a thumbnail of a video of a size. */
export function tileWidth(width: number, height: number): number {
  return Math.min(160, Math.max(24, Math.round((TILE_HEIGHT * width) / Math.max(1, height) / 2) * 2));
}

/** The tile that shows a time. */
export function tileAt(
  sec: number,
  densitySec: number,
  durationSec: number,
  video: { readonly width: number; readonly height: number },
): SheetTile {
  const count = Math.max(1, Math.ceil(durationSec / densitySec));
  const at = Math.max(0, Math.min(count - 1, Math.floor(sec / densitySec)));
  const width = tileWidth(video.width, video.height);
  const within = at % PER_SHEET;
  return {
    sheet: Math.floor(at / PER_SHEET),
    x: (within % COLUMNS) * width,
    y: Math.floor(within / COLUMNS) * TILE_HEIGHT,
    width,
    height: TILE_HEIGHT,
  };
}
