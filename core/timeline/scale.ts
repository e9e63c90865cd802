/**
 * Time ↔ pixel: a view is where it starts and how many pixels a second takes. Pure; knows nothing of canvases.
 */

/** What a timeline shows. */
export interface TimelineView {
  /** Time at the left edge. */
  readonly startSec: number;
  readonly pxPerSec: number;
  readonly widthPx: number;
}

/** Between which zooms a view may go. */
export interface ViewLimits {
  readonly durationSec: number;
  /** Largest zoom; a frame is then some dozens of pixels wide. */
  readonly maxPxPerSec: number;
}

/** Pixels left free at both ends when everything is shown. */
const MARGIN_PX = 8;

export function timeToX(view: TimelineView, sec: number): number {
  return (sec - view.startSec) * view.pxPerSec;
}

export function xToTime(view: TimelineView, x: number): number {
  return view.startSec + x / view.pxPerSec;
}

/** Time at the right edge. */
export function viewEndSec(view: TimelineView): number {
  return view.startSec + view.widthPx / view.pxPerSec;
}

/** The smallest zoom: everything in view. */
export function fitPxPerSec(widthPx: number, durationSec: number): number {
  return Math.max(1e-6, (widthPx - 2 * MARGIN_PX) / Math.max(durationSec, 1e-3));
}

/** Keeps zoom and place within what there is to see. */
export function clampView(view: TimelineView, limits: ViewLimits): TimelineView {
  const smallest = fitPxPerSec(view.widthPx, limits.durationSec);
  const pxPerSec = Math.min(Math.max(view.pxPerSec, smallest), Math.max(smallest, limits.maxPxPerSec));
  const margin = MARGIN_PX / pxPerSec;
  const last = limits.durationSec + margin - view.widthPx / pxPerSec;
  return { ...view, pxPerSec, startSec: Math.max(-margin, Math.min(view.startSec, last)) };
}

/** Zooms by a factor; the time under `x` stays under `x`. */
export function zoomAt(view: TimelineView, x: number, factor: number, limits: ViewLimits): TimelineView {
  const smallest = fitPxPerSec(view.widthPx, limits.durationSec);
  const pxPerSec = Math.min(
    Math.max(view.pxPerSec * factor, smallest),
    Math.max(smallest, limits.maxPxPerSec),
  );
  return clampView({ ...view, pxPerSec, startSec: xToTime(view, x) - x / pxPerSec }, limits);
}

/** Moves by pixels; positive shows what is later. */
export function panBy(view: TimelineView, dx: number, limits: ViewLimits): TimelineView {
  return clampView({ ...view, startSec: view.startSec + dx / view.pxPerSec }, limits);
}

/** Shows a range with a little around it. */
export function fitRange(
  view: TimelineView,
  startSec: number,
  endSec: number,
  limits: ViewLimits,
): TimelineView {
  const length = Math.max(endSec - startSec, 0.05);
  const pxPerSec = (view.widthPx * 0.8) / length;
  const shown = clampView({ ...view, pxPerSec, startSec: 0 }, limits);
  const middle = (startSec + endSec) / 2;
  return clampView({ ...shown, startSec: middle - view.widthPx / 2 / shown.pxPerSec }, limits);
}

/** Shows everything. */
export function fitAll(view: TimelineView, limits: ViewLimits): TimelineView {
  return clampView({ ...view, pxPerSec: 0, startSec: -Infinity }, limits);
}

/** Jumps so that a time is in view: not at all when it is, else by most of a page in its direction. */
export function revealTime(view: TimelineView, sec: number, limits: ViewLimits): TimelineView {
  const x = timeToX(view, sec);
  if (x >= 0 && x <= view.widthPx) {
    return view;
  }
  const place = x < 0 && x > -view.widthPx ? 0.9 : 0.1;
  return clampView({ ...view, startSec: sec - (view.widthPx * place) / view.pxPerSec }, limits);
}

/** How fast the view should move while something is dragged near or past its edge, in pixels per second; 0 inside. */
export function edgeScrollSpeed(x: number, widthPx: number): number {
  const ZONE_PX = 24;
  if (x < ZONE_PX) {
    return -Math.min(3000, (ZONE_PX - x) * 30);
  }
  if (x > widthPx - ZONE_PX) {
    return Math.min(3000, (x - (widthPx - ZONE_PX)) * 30);
  }
  return 0;
}
