/**
 * What the timeline shows and what is being done in it: view, lanes, drag, marks. Painting reads it, pointer and keys write it.
 */
import type { LabelInfo, PredictionInfo, SegmentInfo } from '#core/contract/info';
import { durationOf, frameCountOf, secOfFrame } from '#core/timeline/frameTimes';
import { buildLane, layoutLanes, type Lane } from '#core/timeline/lanes';
import {
  clampView,
  fitAll,
  fitRange,
  revealTime,
  zoomAt,
  type TimelineView,
  type ViewLimits,
} from '#core/timeline/scale';
import type { SnapKind } from '#core/timeline/snapping';
import { doc } from '../state/document.svelte.ts';
import { labels } from '../state/labels.svelte.ts';
import { player } from '../state/player.svelte.ts';
import { USUAL_MIN_SCORE } from '../state/usualScore.ts';

/** What stands on a lane. */
export type TrackItem = SegmentInfo | PredictionInfo;

/** Whether an item is a model's proposal. */
export function isPrediction(item: TrackItem): item is PredictionInfo {
  return 'review' in item;
}

/** One label's lane. */
export interface Track {
  readonly label: LabelInfo;
  readonly lane: Lane<TrackItem>;
  readonly collapsed: boolean;
  readonly segmentCount: number;
  readonly predictionCount: number;
}

/** Segments while they are dragged: shown instead of the stored ones, stored at pointer-up. */
export interface DragGhost {
  readonly items: readonly {
    /** Null for a segment that is being made. */
    readonly id: string | null;
    readonly labelId: string;
    readonly startSec: number;
    readonly endSec: number;
  }[];
  readonly snappedTo: SnapKind;
  readonly snappedSec: number | null;
}

export const ROW_PX = 24;
export const FURTHER_ROW_PX = 13;
export const COLLAPSED_PX = 9;

interface BuiltLane {
  readonly segments: readonly SegmentInfo[];
  readonly predictions: readonly PredictionInfo[];
  readonly lane: Lane<TrackItem>;
}

const NO_PREDICTIONS: readonly PredictionInfo[] = [];

function sameItems(a: readonly PredictionInfo[], b: readonly PredictionInfo[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

class TimelineState {
  view = $state.raw<TimelineView>({ startSec: 0, pxPerSec: 50, widthPx: 800 });
  scrollY = $state(0);
  lanesHeight = $state(200);
  collapsed = $state.raw<ReadonlySet<string>>(new Set());
  showRejected = $state(false);
  /** Whether the model's score curves are shown, where there are some. */
  showScores = $state(true);
  /** The least confidence that the person chose to see; null before a choice. */
  chosenMinScore = $state<number | null>(null);
  /** The least confidence that is shown: the chosen one, else the usual one where the video has a proposal above it. */
  readonly minScore: number = $derived(
    this.chosenMinScore ??
      (doc.predictions.some(({ review, score }) => review === 'predicted' && score >= USUAL_MIN_SCORE)
        ? USUAL_MIN_SCORE
        : 0),
  );
  /** Label of new segments. */
  currentLabelId = $state<string | null>(null);
  /** Marked range in PTS, either side may be open. */
  markIn = $state<number | null>(null);
  markOut = $state<number | null>(null);
  /** Live keying: label id → PTS at which it was opened. */
  open = $state.raw<ReadonlyMap<string, number>>(new Map());
  ghost = $state.raw<DragGhost | null>(null);
  /** Covered range that is being dragged. */
  coverGhost = $state.raw<{
    readonly fromSec: number;
    readonly toSec: number;
    readonly remove: boolean;
  } | null>(null);
  marquee = $state.raw<{ x0: number; y0: number; x1: number; y1: number } | null>(null);
  hoverId = $state<string | null>(null);

  readonly limits: ViewLimits = $derived({
    durationSec: durationOf(doc.times),
    maxPxPerSec: (40 * frameCountOf(doc.times)) / Math.max(1e-3, durationOf(doc.times)),
  });

  /** The lanes of the last time: an edit changes one label's, and 100,000 segments are not stacked anew for it. */
  #built: ReadonlyMap<string, BuiltLane> = new Map();

  /** Predictions that are shown, by label. */
  readonly #shown = $derived.by(() => {
    const byLabel = new Map<string, PredictionInfo[]>(labels.list.map((label) => [label.id, []]));
    for (const prediction of doc.predictions) {
      const shown =
        prediction.review === 'predicted'
          ? prediction.score >= this.minScore
          : prediction.review === 'rejected' && this.showRejected;
      if (shown) {
        byLabel.get(prediction.labelId)?.push(prediction);
      }
    }
    return byLabel;
  });

  readonly tracks: readonly Track[] = $derived.by(() => {
    const lanes = new Map<string, BuiltLane>();
    const tracks = labels.list.map((label) => {
      const segments = doc.segmentsOf(label.id);
      const predictions = this.#shown.get(label.id) ?? NO_PREDICTIONS;
      const before = this.#built.get(label.id);
      const same =
        before !== undefined && before.segments === segments && sameItems(before.predictions, predictions);
      const lane = same
        ? before.lane
        : buildLane<TrackItem>(predictions.length === 0 ? segments : [...segments, ...predictions]);
      lanes.set(label.id, { segments, predictions, lane });
      return {
        label,
        lane,
        collapsed: this.collapsed.has(label.id),
        segmentCount: segments.length,
        predictionCount: predictions.length,
      };
    });
    this.#built = lanes;
    return tracks;
  });

  readonly layout = $derived.by(() => {
    const layout = layoutLanes(
      this.tracks.map((track) => (track.collapsed ? 1 : track.lane.rows)),
      ROW_PX,
      FURTHER_ROW_PX,
    );
    if (this.collapsed.size === 0) {
      return layout;
    }
    const tops: number[] = [];
    const heights: number[] = [];
    let top = 0;
    for (let lane = 0; lane < this.tracks.length; lane += 1) {
      const height = this.tracks[lane]!.collapsed ? COLLAPSED_PX : layout.heights[lane]!;
      tops.push(top);
      heights.push(height);
      top += height;
    }
    return { tops, heights, totalPx: top };
  });
}

/** The timeline. */
export const timeline = new TimelineState();

/** Shows another stretch of time. */
export function setView(view: TimelineView): void {
  timeline.view = clampView(view, timeline.limits);
}

/** Zooms around a pixel, by default around the playhead if it is in view, else the middle. */
export function zoomBy(factor: number, x?: number): void {
  const { view, limits } = timeline;
  const playheadX = (player.sec - view.startSec) * view.pxPerSec;
  const inView = playheadX >= 0 && playheadX <= view.widthPx;
  timeline.view = zoomAt(view, x ?? (inView ? playheadX : view.widthPx / 2), factor, limits);
}

/** Shows everything. */
export function showAll(): void {
  timeline.view = fitAll(timeline.view, timeline.limits);
}

/** Shows a stretch with a little around it. */
export function showRange(startSec: number, endSec: number): void {
  timeline.view = fitRange(timeline.view, startSec, endSec, timeline.limits);
}

/** Jumps so that the playhead is in view. */
export function revealPlayhead(): void {
  timeline.view = revealTime(timeline.view, player.sec, timeline.limits);
}

/** Fit: everything, or the selection if everything is shown already. */
export function toggleFit(): void {
  const { view, limits } = timeline;
  const whole = fitAll(view, limits);
  const selected = [...doc.selection].flatMap(
    (id) => doc.segmentById.get(id) ?? doc.predictionById.get(id) ?? [],
  );
  if (Math.abs(whole.pxPerSec - view.pxPerSec) < 1e-9 && selected.length > 0) {
    showRange(
      Math.min(...selected.map((item) => item.startSec)),
      Math.max(...selected.map((item) => item.endSec)),
    );
  } else {
    timeline.view = whole;
  }
}

/** Scrolls the lanes; keeps them within what there is. */
export function scrollLanes(dy: number): void {
  const most = Math.max(0, timeline.layout.totalPx - timeline.lanesHeight);
  timeline.scrollY = Math.max(0, Math.min(most, timeline.scrollY + dy));
}

/** Folds a label's track, or unfolds it. */
export function toggleFold(labelId: string): void {
  const next = new Set(timeline.collapsed);
  if (!next.delete(labelId)) {
    next.add(labelId);
  }
  timeline.collapsed = next;
}

/** The label of new segments: the chosen one, else the first. */
export function currentLabel(): LabelInfo | undefined {
  return labels.byId.get(timeline.currentLabelId ?? '') ?? labels.list[0];
}

/** Forgets marks and open labels, for another video. */
export function resetTimeline(): void {
  timeline.markIn = null;
  timeline.markOut = null;
  timeline.open = new Map();
  timeline.ghost = null;
  timeline.scrollY = 0;
  showAll();
}

/** Seconds of a boundary between frames. */
export function boundarySec(frame: number): number {
  return secOfFrame(doc.times, frame);
}
