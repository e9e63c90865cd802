/**
 * Pictures and sound along the time: sheets of thumbnails and levels of peaks, fetched when they come into view, kept in small
 * numbers, repainted when they arrive.
 */
import { PEAK_RATES, peakLevelFor, peakRange, readPeaks, type Peaks } from '#core/timeline/peaks';
import { densityFor, SHEET_DENSITIES_SEC, tileAt } from '#core/timeline/sheets';

/** Thumbnails of one video. */
export interface Filmstrip {
  /** Width over height of the picture. */
  readonly aspect: number;
  /** Sets the time between pictures that will be drawn next. */
  prepare(stepSec: number): void;
  draw(
    context: CanvasRenderingContext2D,
    sec: number,
    x: number,
    y: number,
    width: number,
    height: number,
    visible: number,
  ): void;
  close(): void;
}

/** Sound of one video. */
export interface Waveform {
  prepare(pxPerSec: number): void;
  range(fromSec: number, toSec: number): readonly [number, number];
  close(): void;
}

const SHEETS_KEPT = 24;
const FETCHED_AT_ONCE = 2;
const RETRY_MS = 4000;

/** Makes a filmstrip. `changed` is called when a sheet has arrived. */
export function createFilmstrip(
  base: string,
  video: { readonly width: number; readonly height: number; readonly durationSec: number },
  changed: () => void,
): Filmstrip {
  const sheets = new Map<string, ImageBitmap | 'waiting' | 'failed'>();
  const wanted: string[] = [];
  const abort = new AbortController();
  let density = 10;
  let flying = 0;

  function ask(key: string): void {
    if (sheets.has(key)) {
      return;
    }
    sheets.set(key, 'waiting');
    // What was asked for last is on the screen now: it goes first.
    wanted.unshift(key);
    void fetchNext();
  }

  async function fetchNext(): Promise<void> {
    if (flying >= FETCHED_AT_ONCE) {
      return;
    }
    const key = wanted.shift();
    if (key === undefined) {
      return;
    }
    if (wanted.length > SHEETS_KEPT) {
      for (const old of wanted.splice(SHEETS_KEPT)) {
        sheets.delete(old);
      }
    }
    flying += 1;
    try {
      const response = await fetch(`${base}/${key}.jpg`, { signal: abort.signal });
      if (!response.ok) {
        throw new Error(String(response.status));
      }
      sheets.set(key, await createImageBitmap(await response.blob()));
      forgetOldest();
      changed();
    } catch {
      sheets.set(key, 'failed');
      askAgainLater(key);
    }
    flying -= 1;
    void fetchNext();
  }

  /** The picture of the wanted density, else the nearest in time of those that are here already. */
  function pictureAt(sec: number): { tile: ReturnType<typeof tileAt>; sheet: ImageBitmap } | null {
    const order = [density, ...SHEET_DENSITIES_SEC.filter((other) => other !== density)];
    for (const wanted of order) {
      const tile = tileAt(sec, wanted, video.durationSec, video);
      const sheet = sheets.get(`${wanted}/${tile.sheet}`);
      if (sheet !== undefined && typeof sheet !== 'string') {
        return { tile, sheet };
      }
      if (sheet === undefined && wanted === density) {
        ask(`${wanted}/${tile.sheet}`);
      }
    }
    return null;
  }

  function askAgainLater(key: string): void {
    window.setTimeout(() => {
      if (!abort.signal.aborted) {
        sheets.delete(key);
        changed();
      }
    }, RETRY_MS);
  }

  function forgetOldest(): void {
    for (const [key, sheet] of sheets) {
      if (sheets.size <= SHEETS_KEPT) {
        break;
      }
      if (typeof sheet !== 'string') {
        sheets.delete(key);
        sheet.close();
      }
    }
  }

  return {
    aspect: video.width / Math.max(1, video.height),
    prepare(stepSec) {
      density = densityFor(stepSec);
    },
    draw(context, sec, x, y, width, height, visible) {
      const found = pictureAt(sec);
      if (found === null) {
        return;
      }
      const { tile, sheet } = found;
      const share = Math.min(1, visible / width);
      const fitting = width / height > tile.width / tile.height ? tile.width : (tile.height * width) / height;
      const left = tile.x + (tile.width - fitting) / 2;
      context.drawImage(sheet, left, tile.y, fitting * share, tile.height, x, y, width * share, height);
    },
    close() {
      abort.abort();
      for (const sheet of sheets.values()) {
        if (typeof sheet !== 'string') {
          sheet.close();
        }
      }
      sheets.clear();
      wanted.length = 0;
    },
  };
}

/** Makes a waveform. `changed` is called when a level has arrived. */
export function createWaveform(base: string, changed: () => void): Waveform {
  const levels = new Map<number, Peaks | 'waiting' | 'failed'>();
  const abort = new AbortController();
  let level = 0;

  async function load(wanted: number): Promise<void> {
    levels.set(wanted, 'waiting');
    try {
      const response = await fetch(`${base}/${wanted}`, { signal: abort.signal });
      if (!response.ok) {
        throw new Error(String(response.status));
      }
      levels.set(wanted, readPeaks(await response.arrayBuffer()));
      changed();
    } catch {
      levels.set(wanted, 'failed');
      window.setTimeout(() => {
        if (!abort.signal.aborted) {
          levels.delete(wanted);
          changed();
        }
      }, RETRY_MS);
    }
  }

  return {
    prepare(pxPerSec) {
      level = peakLevelFor(pxPerSec);
      if (!levels.has(level)) {
        void load(level);
      }
    },
    range(fromSec, toSec) {
      let peaks = levels.get(level);
      for (
        let other = 0;
        other < PEAK_RATES.length && (peaks === undefined || typeof peaks === 'string');
        other += 1
      ) {
        peaks = levels.get(other);
      }
      return peaks === undefined || typeof peaks === 'string' ? [0, 0] : peakRange(peaks, fromSec, toSec);
    },
    close() {
      abort.abort();
      levels.clear();
    },
  };
}
