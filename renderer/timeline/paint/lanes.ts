/**
 * Painting of the lanes: segments solid, predictions outlined and hatched, rejected ones a thin line, former edges as a ghost.
 * Canvas calls only; what is where was decided in `core/timeline`.
 */
import { colourOnLight } from '#core/annotation/colours';
import { timeToX, type TimelineView } from '#core/timeline/scale';
import { visitLane, type LaneLayout } from '#core/timeline/lanes';
import { POINT_PX } from '#core/timeline/hitTest';
import type { CanvasTheme } from './theme.ts';
import {
  FURTHER_ROW_PX,
  isPrediction,
  ROW_PX,
  type DragGhost,
  type Track,
  type TrackItem,
} from '../timelineState.svelte.ts';

/** Everything that the lanes show. */
export interface LanesPicture {
  readonly view: TimelineView;
  readonly tracks: readonly Track[];
  readonly layout: LaneLayout;
  readonly scrollY: number;
  readonly heightPx: number;
  readonly selection: ReadonlySet<string>;
  readonly ghost: DragGhost | null;
  readonly currentLabelId: string | null;
  /** Pattern of each label, for colours that repeat. */
  readonly patternOf: (labelId: string) => number;
  /** Seconds of a PTS, for former edges. */
  readonly secOf: (pts: number) => number;
}

const GAP_PX = 3;
const SEGMENT_INK = '#10141a';

type Context = CanvasRenderingContext2D;

const hatches = new Map<string, CanvasPattern>();

function hatchOf(context: Context, colour: string, dense: boolean): CanvasPattern | string {
  const key = `${colour}${dense ? '+' : ''}`;
  const known = hatches.get(key);
  if (known !== undefined) {
    return known;
  }
  const tile = document.createElement('canvas');
  tile.width = 8;
  tile.height = 8;
  const pen = tile.getContext('2d');
  if (pen === null) {
    return colour;
  }
  pen.strokeStyle = colour;
  pen.lineWidth = dense ? 2.4 : 1.2;
  for (const shift of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(shift, 8);
    pen.lineTo(shift + 8, 0);
    pen.stroke();
  }
  const pattern = context.createPattern(tile, 'repeat');
  if (pattern === null) {
    return colour;
  }
  hatches.set(key, pattern);
  return pattern;
}

/** Paints all lanes into the area that starts at y = 0. */
export function paintLanes(context: Context, picture: LanesPicture, theme: CanvasTheme): void {
  const { view, tracks, layout, scrollY, heightPx } = picture;
  const dragged = new Set(picture.ghost?.items.flatMap((item) => item.id ?? []));
  for (let at = 0; at < tracks.length; at += 1) {
    const top = layout.tops[at]! - scrollY;
    const height = layout.heights[at]!;
    if (top + height < 0 || top > heightPx) {
      continue;
    }
    const track = tracks[at]!;
    context.fillStyle = track.label.id === picture.currentLabelId ? theme.laneOther : theme.lane;
    context.fillRect(0, top, view.widthPx, height);
    context.fillStyle = theme.line;
    context.fillRect(0, top + height - 1, view.widthPx, 1);
    paintTrack(context, picture, track, top, height, theme, dragged);
  }
  paintGhost(context, picture, theme);
}

function rowPlace(track: Track, row: number, top: number, height: number): readonly [number, number] {
  if (track.collapsed) {
    return [top + 2, height - 5];
  }
  return [
    top + GAP_PX + row * FURTHER_ROW_PX,
    (track.lane.rows === 1 ? ROW_PX : ROW_PX - 4) - 2 * GAP_PX - 1,
  ];
}

function paintTrack(
  context: Context,
  picture: LanesPicture,
  track: Track,
  top: number,
  height: number,
  theme: CanvasTheme,
  dragged: ReadonlySet<string>,
): void {
  const { view, selection } = picture;
  const { colour } = track.label;
  const { items } = track.lane;
  const pattern = picture.patternOf(track.label.id);
  visitLane(track.lane, view, (x0, x1, row, first, count) => {
    const [y, rowHeight] = rowPlace(track, row, top, height);
    if (count > 1) {
      context.fillStyle = colour;
      context.fillRect(x0, y, Math.max(1, x1 - x0), rowHeight);
      return;
    }
    const item = items[first]!;
    if (!dragged.has(item.id)) {
      paintItem(context, item, x0, x1, y, rowHeight, colour, pattern, theme);
      paintFormer(context, picture, item, y, rowHeight, theme);
      if (selection.has(item.id)) {
        paintSelected(context, item, x0, x1, y, rowHeight, theme);
      }
    }
  });
}

function paintItem(
  context: Context,
  item: TrackItem,
  x0: number,
  x1: number,
  y: number,
  height: number,
  colour: string,
  pattern: number,
  theme: CanvasTheme,
): void {
  if (item.startPts === item.endPts) {
    diamond(context, x0, y + height / 2, height / 2);
    context.fillStyle = theme.dark ? colour : colourOnLight(colour);
    context.fill();
    return;
  }
  const from = Math.max(x0, -4);
  const width = Math.max(1, Math.min(x1, 20_000) - from);
  if (!isPrediction(item)) {
    context.fillStyle = colour;
    if (width < 6) {
      context.fillRect(from, y, width, height);
      return;
    }
    rounded(context, from, y, width, height);
    context.fill();
    if (!theme.dark) {
      context.strokeStyle = colourOnLight(colour);
      context.lineWidth = 1;
      context.stroke();
    }
    if (pattern > 0) {
      context.fillStyle = hatchOf(context, 'rgb(0 0 0 / 45%)', true);
      context.fill();
    }
    if (item.note !== '' && width > 40 && height > 12) {
      clippedText(context, item.note, from + 5, y + height / 2, width - 10, SEGMENT_INK, theme.font);
    }
    return;
  }
  if (item.review === 'rejected') {
    context.fillStyle = colour;
    context.globalAlpha = 0.7;
    context.fillRect(from, y + height / 2 - 1, width, 2);
    context.globalAlpha = 1;
    return;
  }
  // Thinner than a segment, outlined, hatched: provisional.
  // Stacked ones are thin as it is, and have a number to carry.
  const inset = height > 14 ? 2 : 0;
  const boxY = y + inset;
  const boxHeight = height - 2 * inset;
  if (width < 4) {
    context.globalAlpha = 0.7;
    context.fillStyle = colour;
    context.fillRect(from, boxY, width, boxHeight);
    context.globalAlpha = 1;
    return;
  }
  rounded(context, from + 0.5, boxY + 0.5, width - 1, boxHeight - 1);
  context.globalAlpha = theme.dark ? 0.14 : 0.3;
  context.fillStyle = colour;
  context.fill();
  context.globalAlpha = theme.dark ? 0.55 : 0.9;
  context.fillStyle = hatchOf(context, colour, false);
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = theme.dark ? colour : colourOnLight(colour);
  context.lineWidth = 1;
  context.stroke();
  if (width > 26 && height > 10) {
    const text = String(Math.round(item.score * 100));
    context.font = theme.mono;
    const textWidth = context.measureText(text).width;
    context.fillStyle = theme.lane;
    context.fillRect(from + 4, boxY + 2, textWidth + 6, boxHeight - 4);
    clippedText(context, text, from + 7, y + height / 2 + 0.5, width, theme.ink, theme.mono);
  }
}

function paintSelected(
  context: Context,
  item: TrackItem,
  x0: number,
  x1: number,
  y: number,
  height: number,
  theme: CanvasTheme,
): void {
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  if (item.startPts === item.endPts) {
    diamond(context, x0, y + height / 2, height / 2 + 1);
    context.stroke();
    return;
  }
  const from = Math.max(x0, -8);
  const to = Math.min(x1, 20_000);
  rounded(context, from - 1, y - 1, Math.max(4, to - from + 2), height + 2);
  context.stroke();
  if (x1 - x0 > 16) {
    context.fillStyle = isPrediction(item) ? theme.ink : SEGMENT_INK;
    context.fillRect(x0 + 3, y + 4, 1.5, height - 8);
    context.fillRect(x1 - 4.5, y + 4, 1.5, height - 8);
  }
}

function paintFormer(
  context: Context,
  picture: LanesPicture,
  item: TrackItem,
  y: number,
  height: number,
  theme: CanvasTheme,
): void {
  if (isPrediction(item) || item.formerStartPts === null || item.formerEndPts === null || height < 10) {
    return;
  }
  const x0 = timeToX(picture.view, picture.secOf(item.formerStartPts));
  const x1 = timeToX(picture.view, picture.secOf(item.formerEndPts));
  context.setLineDash([3, 3]);
  context.strokeStyle = theme.inkQuiet;
  context.lineWidth = 1;
  context.strokeRect(x0 + 0.5, y + 0.5, x1 - x0 - 1, height - 1);
  context.setLineDash([]);
}

function paintGhost(context: Context, picture: LanesPicture, theme: CanvasTheme): void {
  if (picture.ghost === null) {
    return;
  }
  for (const item of picture.ghost.items) {
    const at = picture.tracks.findIndex((track) => track.label.id === item.labelId);
    if (at < 0) {
      continue;
    }
    const track = picture.tracks[at]!;
    const [y, height] = rowPlace(
      track,
      0,
      picture.layout.tops[at]! - picture.scrollY,
      picture.layout.heights[at]!,
    );
    const x0 = timeToX(picture.view, item.startSec);
    const x1 = timeToX(picture.view, item.endSec);
    rounded(context, x0, y, Math.max(2, x1 - x0), height);
    context.globalAlpha = 0.85;
    context.fillStyle = track.label.colour;
    context.fill();
    context.globalAlpha = 1;
    context.strokeStyle = theme.ink;
    context.lineWidth = 2;
    context.stroke();
  }
}

function rounded(context: Context, x: number, y: number, width: number, height: number): void {
  context.beginPath();
  context.roundRect(x, y, width, height, Math.min(3, width / 2));
}

function diamond(context: Context, x: number, y: number, size: number): void {
  const half = Math.min(size, POINT_PX - 1);
  context.beginPath();
  context.moveTo(x, y - half);
  context.lineTo(x + half * 0.8, y);
  context.lineTo(x, y + half);
  context.lineTo(x - half * 0.8, y);
  context.closePath();
}

function clippedText(
  context: Context,
  text: string,
  x: number,
  y: number,
  width: number,
  colour: string,
  font: string,
): void {
  context.save();
  context.beginPath();
  context.rect(x, y - 10, width, 20);
  context.clip();
  context.font = font;
  context.fillStyle = colour;
  context.textBaseline = 'middle';
  context.fillText(text, x, y);
  context.restore();
}
