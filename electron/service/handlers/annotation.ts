/**
 * Calls about the document: labels, segments, search, history, predictions and the review queue.
 */
import type { Edit } from '#core/contract/edit';
import type { EditResult } from '#core/contract/info';
import type { Handlers } from '#core/contract/invoke';
import { applyEdit } from '#service/store/annotate';
import { listCurves } from './curves.ts';
import { publishEdit, type ServiceContext } from './context.ts';

/** Edits that may change what was decided about predictions; after the others nobody needs to read those again. */
const MAY_TOUCH_REVIEWS: ReadonlySet<Edit['type']> = new Set([
  'review',
  'change-segments',
  'delete-segments',
  'split-segment',
  'merge-segments',
  'delete-label',
]);

/** Handlers of `labels.*`, `document.*`, `history.*`, `predictions.*` and `review.*`. */
export function annotationHandlers(
  context: ServiceContext,
): Pick<
  Handlers,
  | 'labels.list'
  | 'labels.usage'
  | 'document.get'
  | 'document.edit'
  | 'document.search'
  | 'history.list'
  | 'history.undo'
  | 'history.redo'
  | 'history.restore'
  | 'predictions.list'
  | 'predictions.curves'
  | 'review.queue'
  | 'review.counts'
> {
  const me = (): string => context.preferences.settings().annotator;
  const published = <R extends EditResult>(result: R, reviewed: boolean): R => {
    publishEdit(context, result);
    if (reviewed && result.entry !== null)
      context.publish('predictions.changed', { videoIds: result.videoIds });
    return result;
  };
  return {
    'labels.list': () => context.project().store.document.labelInfos(),
    'labels.usage': ({ id }) => {
      const { document, predictions } = context.project().store;
      const label = document.labelInfos().find((each) => each.id === id);
      return { segments: label?.segmentCount ?? 0, predictions: predictions.countOfLabel(id) };
    },
    'document.get': ({ videoId }) => {
      const { document, history, videos } = context.project().store;
      videos.require(videoId);
      return {
        videoId,
        revision: history.revision(),
        segments: document.segmentsOfVideo(videoId),
        covered: document.covered(videoId),
      };
    },
    'document.edit': ({ edit }) =>
      published(applyEdit(context.writable(), edit, { annotator: me() }), MAY_TOUCH_REVIEWS.has(edit.type)),
    'document.search': ({ text, offset, limit }) =>
      context.project().store.document.search(text, offset, limit),
    'history.list': ({ videoId, offset, limit }) =>
      context.project().store.history.list(videoId, offset, limit),
    'history.undo': () => published(context.writable().history.undo(me()), true),
    'history.redo': () => published(context.writable().history.redo(me()), true),
    'history.restore': ({ at }) => {
      const store = context.writable();
      const result = store.transaction(() =>
        store.history.commit({
          patch: store.history.patchTo(at),
          text: `Restore to ${at}`,
          annotator: me(),
        }),
      );
      return published(result, true);
    },
    'predictions.list': ({ videoId, modelId, minScore }) => {
      const { predictions, videos } = context.project().store;
      videos.require(videoId);
      return predictions.ofVideo(videoId, modelId, minScore);
    },
    'predictions.curves': ({ videoId, modelId }) =>
      listCurves(context.project().store, context.app.mediaBase, videoId, modelId),
    'review.queue': (query) => context.project().store.predictions.queue(query),
    'review.counts': () => context.project().store.predictions.counts(null),
  };
}
