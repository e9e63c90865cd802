/**
 * The annotation of the video that is open: segments, predictions, covered ranges, frame times, and what is selected in them.
 *
 * Big lists are replaced, never changed in place. An edit is planned by the same rules as in the service and shown at once;
 * the service's answer confirms it, and anything unexpected makes the page read again what the service has.
 */
import type { CoveredRange, DocumentReader, DocumentVideo } from '#core/annotation/document';
import { planEdit } from '#core/annotation/edits';
import type { DocumentPatch } from '#core/annotation/patch';
import type { Edit } from '#core/contract/edit';
import type { HistoryResult, PredictionInfo, SegmentInfo, VideoInfo } from '#core/contract/info';
import { regularFrames, secOfPts, type FrameTimes } from '#core/timeline/frameTimes';
import { readFrameTable } from '#core/timeline/frameTable';
import { invoke, on } from '../api/studio.ts';
import { edits, sendEdit } from './edits.svelte.ts';
import { labels } from './labels.svelte.ts';
import { notifyError } from './notices.svelte.ts';
import { bySpan, SegmentIndex } from './segmentIndex.ts';
import { studio } from './studio.svelte.ts';

class DocumentState {
  video = $state.raw<VideoInfo | null>(null);
  /** Sorted by start. */
  segments = $state.raw<readonly SegmentInfo[]>([]);
  /** Sorted by start. */
  predictions = $state.raw<readonly PredictionInfo[]>([]);
  covered = $state.raw<readonly CoveredRange[]>([]);
  times = $state.raw<FrameTimes>({ pts: new Float64Array(1), endPts: 1, tickSec: 1, exact: false });
  loading = $state(false);
  /** Ids of selected segments and predictions. */
  selection = $state.raw<ReadonlySet<string>>(new Set());
  revision = 0;
  /** Kept in step with `segments`, which is what reading it depends on: 100,000 entries are not built anew for each edit. */
  readonly #index = new SegmentIndex();
  readonly predictionById = $derived(
    new Map(this.predictions.map((prediction) => [prediction.id, prediction])),
  );
  /** Segments by id. */
  get segmentById(): ReadonlyMap<string, SegmentInfo> {
    void this.segments;
    return this.#index.byId;
  }
  /** A label's segments, sorted by start; the same object until one of them changes. */
  segmentsOf(labelId: string): readonly SegmentInfo[] {
    void this.segments;
    return this.#index.ofLabel(labelId);
  }
  /** Replaces all segments; the list need not be sorted. */
  setSegments(list: readonly SegmentInfo[]): void {
    this.#index.set(list);
    this.segments = this.#index.all;
  }
  /** Puts changed segments into their places; null takes one away. */
  changeSegments(changed: ReadonlyMap<string, SegmentInfo | null>): void {
    this.#index.change(changed);
    this.segments = this.#index.all;
  }
  /** The one selected segment, if exactly one is. */
  readonly selectedSegment = $derived(
    this.selection.size === 1 ? this.segmentById.get([...this.selection][0]!) : undefined,
  );
  readonly selectedPrediction = $derived(
    this.selection.size === 1 ? this.predictionById.get([...this.selection][0]!) : undefined,
  );
}

/** The open video's annotation. */
export const doc = new DocumentState();

let opening = 0;

/** Opens a video: facts and annotation first, the exact frame table as soon as it is there. */
export async function openVideo(id: string): Promise<void> {
  if (doc.video?.id === id && !doc.loading) {
    return;
  }
  opening += 1;
  const mine = opening;
  doc.loading = true;
  doc.selection = new Set();
  try {
    const [video, document, predictions] = await Promise.all([
      invoke('videos.get', { id }),
      invoke('document.get', { videoId: id }),
      invoke('predictions.list', { videoId: id }),
    ]);
    if (mine !== opening) {
      return;
    }
    doc.times = regularFrames(video);
    doc.video = video;
    doc.setSegments(document.segments);
    doc.covered = document.covered;
    doc.predictions = [...predictions].sort(bySpan);
    doc.revision = document.revision;
    doc.loading = false;
    const response = await fetch(`${studio.mediaBase}/index/${encodeURIComponent(id)}`);
    if (response.ok && mine === opening) {
      doc.times = readFrameTable(await response.arrayBuffer());
    }
  } catch (error) {
    if (mine === opening) {
      doc.loading = false;
      notifyError(error);
    }
  }
}

/** Forgets the open video. */
export function closeVideo(): void {
  opening += 1;
  doc.video = null;
  doc.setSegments([]);
  doc.predictions = [];
  doc.covered = [];
  doc.selection = new Set();
  doc.loading = false;
}

/** Reads the annotation again; what is selected and still there stays selected. */
async function rereadDocument(): Promise<void> {
  const id = doc.video?.id;
  if (id === undefined) {
    return;
  }
  const mine = opening;
  const [video, document, predictions] = await Promise.all([
    invoke('videos.get', { id }),
    invoke('document.get', { videoId: id }),
    invoke('predictions.list', { videoId: id }),
  ]);
  // While the next video is being opened, an answer about the one before may come last.
  if (mine !== opening || doc.video?.id !== id || edits.waiting > 0) {
    return;
  }
  doc.video = video;
  doc.setSegments(document.segments);
  doc.covered = document.covered;
  doc.predictions = [...predictions].sort(bySpan);
  doc.revision = document.revision;
  const there = [...doc.selection].filter((one) => doc.segmentById.has(one) || doc.predictionById.has(one));
  if (there.length !== doc.selection.size) {
    doc.selection = new Set(there);
  }
}

let rereading = 0;
let wantedRevision = 0;

/** Reads again once no edit is under way. @param revision not if the document has come that far by then: our own edit's answer was only late */
function rereadSoon(revision = Infinity): void {
  wantedRevision = Math.max(wantedRevision, revision);
  window.clearTimeout(rereading);
  rereading = window.setTimeout(() => {
    if (edits.waiting > 0) {
      rereadSoon(revision);
      return;
    }
    const isOld = wantedRevision > doc.revision;
    wantedRevision = 0;
    if (isOld) {
      void rereadDocument().catch(notifyError);
    }
  }, 60);
}

let relisting = 0;

/** Reads the predictions again once no edit is under way; the segments, which may be many, stay as they are. */
function relistSoon(): void {
  window.clearTimeout(relisting);
  relisting = window.setTimeout(() => {
    if (edits.waiting > 0) {
      relistSoon();
    } else {
      void relist().catch(notifyError);
    }
  }, 60);
}

async function relist(): Promise<void> {
  const id = doc.video?.id;
  if (id === undefined) {
    return;
  }
  const mine = opening;
  const fresh = [...(await invoke('predictions.list', { videoId: id }))].sort(bySpan);
  if (mine !== opening || doc.video?.id !== id) {
    return;
  }
  if (edits.waiting > 0) {
    relistSoon();
  } else if (!samePredictions(fresh, doc.predictions)) {
    doc.predictions = fresh;
  }
}

/** Whether two lists say the same; mostly the news is about our own decision, which is shown already. */
function samePredictions(a: readonly PredictionInfo[], b: readonly PredictionInfo[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, at) => {
      const other = b[at]!;
      return one.id === other.id && one.review === other.review && one.segmentId === other.segmentId;
    })
  );
}

/** Follows the news about the open video. */
export function startDocument(): void {
  on('document.changed', ({ revision, videoIds }) => {
    if (doc.video !== null && videoIds.includes(doc.video.id) && revision > doc.revision) {
      rereadSoon(revision);
    }
  });
  on('predictions.changed', ({ videoIds }) => {
    if (doc.video !== null && (videoIds === null || videoIds.includes(doc.video.id))) {
      relistSoon();
    }
  });
}

function documentVideo(): DocumentVideo | undefined {
  const { video, times } = doc;
  if (video === null) {
    return undefined;
  }
  return {
    id: video.id,
    name: video.name,
    timeBase: video.timeBase,
    averageRate: video.averageRate,
    startPts: times.pts[0]!,
    endPts: times.exact ? times.endPts : Number.MAX_SAFE_INTEGER,
    subset: video.subset,
  };
}

const reader: DocumentReader = {
  video: (id) => (doc.video?.id === id ? documentVideo() : undefined),
  label: (id) => labels.byId.get(id),
  labels: () => labels.list,
  segment: (id) => doc.segmentById.get(id),
  segmentsOfLabel: (labelId) => doc.segmentsOf(labelId),
  covered: (videoId) => (doc.video?.id === videoId ? doc.covered : []),
  prediction: (id) => doc.predictionById.get(id),
  predictionOfSegment: (id) => doc.predictions.find((prediction) => prediction.segmentId === id),
};

/** Whether the page itself can foresee what an edit does: it touches the open video only. */
function isForeseen(edit: Edit): boolean {
  switch (edit.type) {
    case 'add-segments':
      return edit.segments.every((segment) => segment.videoId === doc.video?.id);
    case 'change-segments':
      return edit.changes.every((change) => doc.segmentById.has(change.id));
    case 'delete-segments':
      return edit.ids.every((id) => doc.segmentById.has(id));
    case 'split-segment':
    case 'merge-segments':
    case 'set-covered':
      return true;
    case 'review':
      return edit.decisions.every((decision) => doc.predictionById.has(decision.predictionId));
    case 'set-subset':
    case 'add-labels':
    case 'change-label':
    case 'order-labels':
    case 'delete-label':
      return false;
  }
}

/**
 * Does an edit: shown at once, then sent. What goes wrong is said in a notice and taken back.
 *
 * @returns whether the service took it
 */
export async function applyEdit(edit: Edit): Promise<boolean> {
  const foreseen = isForeseen(edit);
  try {
    if (foreseen) {
      const context = { annotator: studio.settings.annotator, at: new Date().toISOString() };
      applyPatch(planEdit(reader, edit, context).patch);
    }
    const result = await sendEdit(edit);
    if (foreseen && result.revision <= doc.revision + 1) {
      doc.revision = Math.max(doc.revision, result.revision);
    } else {
      rereadSoon();
    }
    return true;
  } catch (error) {
    notifyError(error);
    rereadSoon();
    return false;
  }
}

/** Shows what undo or redo changed; reads again if something else has happened meanwhile, or if it is about the video itself. */
export function followHistory({ revision, patch }: HistoryResult): void {
  if (revision === doc.revision + 1 && edits.waiting === 0 && patch.subsets.length === 0) {
    applyPatch(patch);
    doc.revision = revision;
  } else {
    rereadSoon(revision);
  }
}

function applyPatch(patch: DocumentPatch): void {
  const { times } = doc;
  if (patch.segments.length > 0) {
    const changed = new Map(
      patch.segments.map(({ id, after }) => [
        id,
        after === null || after.videoId !== doc.video?.id
          ? null
          : { ...after, startSec: secOfPts(times, after.startPts), endSec: secOfPts(times, after.endPts) },
      ]),
    );
    doc.changeSegments(changed);
    const gone = [...changed].filter(([id, after]) => after === null && doc.selection.has(id));
    if (gone.length > 0) {
      const lost = new Set(gone.map(([id]) => id));
      doc.selection = new Set([...doc.selection].filter((id) => !lost.has(id)));
    }
  }
  for (const change of patch.covered) {
    if (change.id === doc.video?.id) {
      doc.covered = change.after ?? [];
    }
  }
  if (patch.reviews.length > 0) {
    const reviewed = new Map(patch.reviews.map((change) => [change.id, change.after]));
    doc.predictions = doc.predictions.map((prediction) => {
      const review = reviewed.get(prediction.id);
      return review == null ? prediction : { ...prediction, ...review };
    });
  }
}
