/**
 * Score curves that predictions left in the cache: listed by the contract, their numbers served by URL.
 */
import fs from 'node:fs';
import path from 'node:path';
import { curveHeadBytes, readCurveHead, type CurveHead } from '#core/infer/curveFile';
import type { ScoreCurvesInfo } from '#core/contract/info';
import { curveFolder } from '#service/store/layout';
import { labelIdsOf } from '#service/store/modelLabels';
import type { Store } from '#service/store/store';

const FIRST_BYTES = 4096;

/** The file of a video's curves by a model; null when either is not in the project. */
export function curveFile(store: Store, videoId: string, modelId: string): string | null {
  if (store.videos.get(videoId) === undefined || store.models.get(modelId) === undefined) return null;
  return path.join(curveFolder(store.layout, modelId), `${videoId}.curves`);
}

/** Reads a file's head without its numbers; null when there is none, or none that is whole: the cache may be deleted at any time. */
function headOf(file: string): CurveHead | null {
  let handle: number;
  try {
    handle = fs.openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    let bytes = Buffer.alloc(FIRST_BYTES);
    let read = fs.readSync(handle, bytes, 0, FIRST_BYTES, 0);
    const length = curveHeadBytes(bytes.subarray(0, read));
    if (length > read) {
      bytes = Buffer.alloc(length);
      read = fs.readSync(handle, bytes, 0, length, 0);
    }
    return readCurveHead(bytes.subarray(0, read), fs.fstatSync(handle).size);
  } catch {
    return null;
  } finally {
    fs.closeSync(handle);
  }
}

/** Curves of a video, newest model first. @throws StudioError `not-found` when there is no such video or model */
export function listCurves(
  store: Store,
  mediaBase: string,
  videoId: string,
  modelId: string | null,
): ScoreCurvesInfo[] {
  store.videos.require(videoId);
  const models = modelId === null ? store.models.list() : [store.models.require(modelId)];
  return models.flatMap(({ id }) => {
    const head = headOf(path.join(curveFolder(store.layout, id), `${videoId}.curves`));
    if (head === null) return [];
    const labelIds = labelIdsOf(store, id);
    return [
      {
        videoId,
        modelId: id,
        startSec: head.startSec,
        stepSec: head.stepSec,
        count: head.count,
        series: head.series.map(({ kind, label }) => ({
          kind,
          label,
          labelId: kind === 'label' ? (labelIds.get(label) ?? null) : null,
        })),
        url: `${mediaBase}/curves/${encodeURIComponent(videoId)}/${encodeURIComponent(id)}`,
      },
    ];
  });
}
