/**
 * Painting of what is not a lane: overview, ruler, covered ranges, waveform, thumbnails, and the overlay with playhead and marks.
 */
import type { CoveredRange } from '#core/annotation/document';
import type { FrameTimes } from '#core/timeline/frameTimes';
import { secOfPts } from '#core/timeline/frameTimes';
import { visitLane } from '#core/timeline/lanes';
import { fitAll, timeToX, viewEndSec, type TimelineView, type ViewLimits } from '#core/timeline/scale';
import { ticksInView } from '#core/timeline/ticks';
import type { Filmstrip, Waveform } from './strips.ts';
import type { CanvasTheme } from './theme.ts';
import type { Track } from '../timelineState.svelte.ts';

type Context = CanvasRenderingContext2D;

/** A stretch that a badge speaks of: gaps, damage. */
export interface MarkedStretch {
  readonly fromSec: number;
  readonly toSec: number;
}

/** The whole video in one line: all segments, covered ranges, the window. */
export function paintOverview(
  context: Context,
  heightPx: number,
  view: TimelineView,
  limits: ViewLimits,
  tracks: readonly Track[],
  covered: readonly CoveredRange[],
  times: FrameTimes,
  theme: CanvasTheme,
): void {
  const whole = fitAll(view, limits);
  context.fillStyle = theme.lane;
  context.fillRect(0, 0, view.widthPx, heightPx);
  context.fillStyle = theme.covered;
  for (const range of covered) {
    const x0 = timeToX(whole, secOfPts(times, range.startPts));
    const x1 = timeToX(whole, secOfPts(times, range.endPts));
    context.fillRect(x0, heightPx - 4, Math.max(1, x1 - x0), 3);
  }
  const line = Math.max(1, Math.min(4, (heightPx - 8) / Math.max(1, tracks.length)));
  for (let at = 0; at < tracks.length; at += 1) {
    const track = tracks[at]!;
    context.fillStyle = track.label.colour;
    const y = 2 + at * line;
    if (y > heightPx - 5) {
      break;
    }
    visitLane(track.lane, whole, (x0, x1) =>
      context.fillRect(x0, y, Math.max(1, x1 - x0), Math.max(1, line - 0.5)),
    );
  }
  const from = Math.max(0, timeToX(whole, view.startSec));
  const to = Math.min(view.widthPx, timeToX(whole, viewEndSec(view)));
  context.fillStyle = theme.dark ? 'rgb(255 255 255 / 8%)' : 'rgb(20 40 80 / 8%)';
  context.fillRect(from, 0, to - from, heightPx);
  context.strokeStyle = theme.tick;
  context.lineWidth = 1;
  context.strokeRect(Math.round(from) + 0.5, 0.5, Math.max(3, Math.round(to - from) - 1), heightPx - 1);
}

/** Ruler with ticks; gaps and other stretches that a badge speaks of are marked. */
export function paintRuler(
  context: Context,
  heightPx: number,
  view: TimelineView,
  times: FrameTimes,
  marked: readonly MarkedStretch[],
  theme: CanvasTheme,
): void {
  context.fillStyle = theme.surface;
  context.fillRect(0, 0, view.widthPx, heightPx);
  context.fillStyle = theme.playhead;
  context.globalAlpha = 0.35;
  for (const { fromSec, toSec } of marked) {
    const x0 = timeToX(view, fromSec);
    context.fillRect(x0, heightPx - 5, Math.max(2, timeToX(view, toSec) - x0), 4);
  }
  context.globalAlpha = 1;
  context.font = theme.mono;
  context.textBaseline = 'alphabetic';
  for (const tick of ticksInView(view, times)) {
    const x = Math.round(timeToX(view, tick.sec));
    if (tick.text === null) {
      context.fillStyle = theme.line;
      context.fillRect(x, heightPx - 5, 1, 5);
    } else {
      context.fillStyle = theme.tick;
      context.fillRect(x, heightPx - 9, 1, 9);
      context.fillStyle = theme.inkQuiet;
      if (x + 60 < view.widthPx) {
        context.fillText(tick.text, x + 4, heightPx - 8);
      }
    }
  }
  context.fillStyle = theme.line;
  context.fillRect(0, heightPx - 1, view.widthPx, 1);
}

/** The row of covered ranges; a drag in it is shown as it will be. */
export function paintCovered(
  context: Context,
  heightPx: number,
  view: TimelineView,
  times: FrameTimes,
  covered: readonly CoveredRange[],
  ghost: { readonly fromSec: number; readonly toSec: number; readonly remove: boolean } | null,
  theme: CanvasTheme,
): void {
  context.fillStyle = theme.lane;
  context.fillRect(0, 0, view.widthPx, heightPx);
  context.fillStyle = theme.covered;
  for (const range of covered) {
    const x0 = timeToX(view, secOfPts(times, range.startPts));
    context.fillRect(x0, 2, Math.max(1, timeToX(view, secOfPts(times, range.endPts)) - x0), heightPx - 5);
  }
  if (ghost !== null) {
    const x0 = timeToX(view, Math.min(ghost.fromSec, ghost.toSec));
    const x1 = timeToX(view, Math.max(ghost.fromSec, ghost.toSec));
    context.fillStyle = ghost.remove ? theme.lane : theme.covered;
    context.fillRect(x0, 2, x1 - x0, heightPx - 5);
    context.strokeStyle = theme.ink;
    context.strokeRect(x0 + 0.5, 1.5, x1 - x0 - 1, heightPx - 4);
  }
  context.fillStyle = theme.line;
  context.fillRect(0, heightPx - 1, view.widthPx, 1);
}

/** Thumbnails side by side, as many as fit. */
export function paintFilmstrip(
  context: Context,
  heightPx: number,
  view: TimelineView,
  durationSec: number,
  strip: Filmstrip | null,
  theme: CanvasTheme,
): void {
  context.fillStyle = theme.lane;
  context.fillRect(0, 0, view.widthPx, heightPx);
  if (strip === null) {
    return;
  }
  const height = heightPx - 2;
  const width = Math.max(16, Math.round(height * strip.aspect));
  const stepSec = width / view.pxPerSec;
  strip.prepare(stepSec);
  const first = Math.floor(Math.max(0, view.startSec) / stepSec);
  const end = Math.min(durationSec, viewEndSec(view));
  for (let n = first; n * stepSec < end; n += 1) {
    const sec = n * stepSec;
    const x = timeToX(view, sec);
    const visible = Math.min(width, timeToX(view, durationSec) - x);
    strip.draw(
      context,
      Math.min(sec + stepSec / 2, durationSec),
      Math.round(x),
      1,
      width - 1,
      height,
      visible,
    );
  }
}

/** Sound as a band around the middle. */
export function paintWaveform(
  context: Context,
  heightPx: number,
  view: TimelineView,
  wave: Waveform | null,
  theme: CanvasTheme,
): void {
  context.fillStyle = theme.lane;
  context.fillRect(0, 0, view.widthPx, heightPx);
  if (wave !== null) {
    wave.prepare(view.pxPerSec);
    context.fillStyle = theme.wave;
    const middle = heightPx / 2;
    for (let x = 0; x < view.widthPx; x += 1) {
      const [low, high] = wave.range(
        view.startSec + x / view.pxPerSec,
        view.startSec + (x + 1) / view.pxPerSec,
      );
      if (high > low) {
        const top = middle - high * (middle - 2);
        context.fillRect(x, top, 1, Math.max(1, (high - low) * (middle - 2)));
      }
    }
  }
  context.fillStyle = theme.line;
  context.fillRect(0, heightPx - 1, view.widthPx, 1);
}

/** What moves: playhead, marks, open labels, snap line, marquee. */
export interface OverlayPicture {
  readonly view: TimelineView;
  readonly heightPx: number;
  readonly overviewPx: number;
  readonly playheadSec: number;
  readonly playheadEndSec: number;
  readonly limits: ViewLimits;
  readonly markInSec: number | null;
  readonly markOutSec: number | null;
  readonly snapSec: number | null;
  readonly marquee: { x0: number; y0: number; x1: number; y1: number } | null;
  readonly open: readonly {
    readonly y: number;
    readonly height: number;
    readonly fromSec: number;
    readonly colour: string;
  }[];
}

/** Paints the overlay; the canvas must be clear. */
export function paintOverlay(context: Context, picture: OverlayPicture, theme: CanvasTheme): void {
  const { view, heightPx, overviewPx } = picture;
  const whole = fitAll(view, picture.limits);
  context.fillStyle = theme.playhead;
  context.fillRect(Math.round(timeToX(whole, picture.playheadSec)), 0, 1, overviewPx);

  if (picture.markInSec !== null || picture.markOutSec !== null) {
    const x0 = picture.markInSec === null ? 0 : timeToX(view, picture.markInSec);
    const x1 = picture.markOutSec === null ? view.widthPx : timeToX(view, picture.markOutSec);
    context.fillStyle = theme.accent;
    context.globalAlpha = 0.13;
    context.fillRect(x0, overviewPx, x1 - x0, heightPx - overviewPx);
    context.globalAlpha = 1;
    for (const [sec, side] of [
      [picture.markInSec, 1],
      [picture.markOutSec, -1],
    ] as const) {
      if (sec !== null) {
        const x = Math.round(timeToX(view, sec));
        context.fillRect(x - (side < 0 ? 1 : 0), overviewPx, 1, heightPx - overviewPx);
        context.fillRect(side > 0 ? x : x - 5, overviewPx, 5, 5);
      }
    }
  }

  for (const { y, height, fromSec, colour } of picture.open) {
    const x0 = timeToX(view, fromSec);
    const x1 = Math.max(x0 + 3, timeToX(view, picture.playheadEndSec));
    context.fillStyle = colour;
    context.globalAlpha = 0.8;
    context.fillRect(x0, y, x1 - x0, height);
    context.globalAlpha = 1;
    context.fillRect(x0, y - 2, 2, height + 4);
  }

  const x = timeToX(view, picture.playheadSec);
  if (x >= -10 && x <= view.widthPx + 10) {
    const frameWidth = timeToX(view, picture.playheadEndSec) - x;
    if (frameWidth > 3) {
      context.fillStyle = theme.playhead;
      context.globalAlpha = 0.14;
      context.fillRect(x, overviewPx, frameWidth, heightPx - overviewPx);
      context.globalAlpha = 1;
    }
    context.fillStyle = theme.playhead;
    const left = Math.round(x);
    context.fillRect(left, overviewPx, 1, heightPx - overviewPx);
    context.beginPath();
    context.moveTo(left - 4.5, overviewPx);
    context.lineTo(left + 5.5, overviewPx);
    context.lineTo(left + 0.5, overviewPx + 7);
    context.fill();
  }

  if (picture.snapSec !== null) {
    context.fillStyle = theme.accent;
    context.fillRect(Math.round(timeToX(view, picture.snapSec)), overviewPx, 1, heightPx - overviewPx);
  }
  if (picture.marquee !== null) {
    const { x0, y0, x1, y1 } = picture.marquee;
    context.strokeStyle = theme.accent;
    context.lineWidth = 1;
    context.strokeRect(Math.min(x0, x1) + 0.5, Math.min(y0, y1) + 0.5, Math.abs(x1 - x0), Math.abs(y1 - y0));
  }
}
