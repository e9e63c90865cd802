/**
 * Painting of the score curves: the current label's filled and strong, the others thin behind it, edges as dashes. Colour is the
 * label's; which curve is which is said by the heading, and strength does not need colour.
 */
import { curveColumns } from '#core/timeline/curve';
import type { TimelineView } from '#core/timeline/scale';
import type { ScoreCurve } from '../../state/curves.svelte.ts';
import type { CanvasTheme } from './theme.ts';

type Context = CanvasRenderingContext2D;

/** Dashes of the edges' curves, in pixels. */
export const EDGE_DASHES = { start: [2, 2], end: [6, 3] } as const;

let columns = new Float32Array(0);

/** Paints all curves into a band that starts at y = 0. */
export function paintScores(
  context: Context,
  heightPx: number,
  view: TimelineView,
  curves: readonly ScoreCurve[],
  currentLabelId: string | null,
  colourOf: (labelId: string) => string | undefined,
  theme: CanvasTheme,
): void {
  context.fillStyle = theme.lane;
  context.fillRect(0, 0, view.widthPx, heightPx);
  const width = Math.ceil(view.widthPx);
  if (columns.length !== width) {
    columns = new Float32Array(width);
  }
  const order = [...curves].sort((a, b) => strengthOf(a, currentLabelId) - strengthOf(b, currentLabelId));
  for (const curve of order) {
    const isCurrent = curve.kind === 'label' && curve.labelId === currentLabelId;
    const colour = curve.labelId === null ? theme.inkQuiet : colourOf(curve.labelId);
    if (colour === undefined || (curve.kind === 'label' && curve.labelId === null)) {
      continue;
    }
    curveColumns(curve, view, columns);
    context.strokeStyle = colour;
    context.lineWidth = isCurrent ? 1.75 : 1;
    context.globalAlpha = isCurrent ? 1 : 0.5;
    context.setLineDash(curve.kind === 'label' ? [] : EDGE_DASHES[curve.kind]);
    trace(context, heightPx);
    context.stroke();
    if (isCurrent) {
      context.lineTo(width, heightPx - 1);
      context.lineTo(0, heightPx - 1);
      context.globalAlpha = 0.2;
      context.fillStyle = colour;
      context.fill();
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  context.fillStyle = theme.line;
  context.fillRect(0, heightPx - 1, view.widthPx, 1);
}

function strengthOf(curve: ScoreCurve, currentLabelId: string | null): number {
  return curve.kind !== 'label' ? 0 : curve.labelId === currentLabelId ? 2 : 1;
}

/** The path of `columns`; where a curve says nothing it lies on the ground. */
function trace(context: Context, heightPx: number): void {
  const ground = heightPx - 1;
  context.beginPath();
  for (let x = 0; x < columns.length; x += 1) {
    const y = ground - Math.max(0, columns[x]!) * (heightPx - 4);
    if (x === 0) {
      context.moveTo(x, y);
    } else {
      context.lineTo(x + 0.5, y);
    }
  }
}
