/**
 * Where thumbnails lie on their sheets: pure arithmetic, shared by the maker and by those who only show them.
 */

/** Seconds between thumbnails, densest first. */
export const DENSITIES = [0.5, 1, 2, 5, 10, 30, 60, 120, 300] as const;

/** How a sheet is laid out: tiles row by row. */
export interface SheetLayout {
  readonly densitySec: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly columns: number;
  readonly rows: number;
  /** Thumbnails in the whole video. */
  readonly count: number;
  readonly sheets: number;
}

const TILE_HEIGHT = 60;
/** Tiles in a row of a sheet. */
export const COLUMNS = 10;
/** Rows of a full sheet. */
export const ROWS = 10;

/** The layout for a video of a size (as displayed) and a length. */
export function sheetLayout(
  width: number,
  height: number,
  durationSec: number,
  densitySec: number,
): SheetLayout {
  const tileWidth = Math.min(160, Math.max(24, Math.round((TILE_HEIGHT * width) / height / 2) * 2));
  const count = Math.max(1, Math.ceil(durationSec / densitySec));
  return {
    densitySec,
    tileWidth,
    tileHeight: TILE_HEIGHT,
    columns: COLUMNS,
    rows: Math.min(ROWS, Math.ceil(count / COLUMNS)),
    count,
    sheets: Math.ceil(count / (COLUMNS * ROWS)),
  };
}
