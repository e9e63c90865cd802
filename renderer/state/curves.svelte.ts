/**
 * Score curves of the open video: what the model in use thought of each moment, one curve for each label and, for some heads, for
 * the edges. Fetched when the timeline shows them, fetched again when a model has predicted anew.
 */
import type { ScoreCurvesInfo } from '#core/contract/info';
import type { Curve } from '#core/timeline/curve';
import { invoke, on } from '../api/studio.ts';
import { doc } from './document.svelte.ts';
import { notifyError } from './notices.svelte.ts';

/** A curve with what it is of. */
export interface ScoreCurve extends Curve {
  readonly kind: ScoreCurvesInfo['series'][number]['kind'];
  readonly labelId: string | null;
}

class CurvesState {
  list = $state.raw<readonly ScoreCurve[]>([]);
}

/** The curves; none while no model has left any. */
export const curves = new CurvesState();

let reading = 0;

/** Reads the curves of a video. @param modelId whose; null for the newest */
export async function readCurves(videoId: string, modelId: string | null): Promise<void> {
  reading += 1;
  const mine = reading;
  const found = await invoke('predictions.curves', { videoId });
  const info = found.find((one) => one.modelId === modelId) ?? found[0];
  const list = info === undefined ? [] : await fetchCurves(info);
  if (mine === reading) {
    curves.list = list;
  }
}

async function fetchCurves(info: ScoreCurvesInfo): Promise<ScoreCurve[]> {
  const response = await fetch(info.url);
  if (!response.ok) {
    return [];
  }
  const { startSec, stepSec, count, series } = info;
  const values = new Float32Array(await response.arrayBuffer());
  return series.map(({ kind, labelId }, row) => ({
    kind,
    labelId,
    startSec,
    stepSec,
    values: values.subarray(row * count, (row + 1) * count),
  }));
}

/** Keeps the curves of the open video. @returns a function that ends this */
export function followCurves(): () => void {
  const read = (): void => {
    const id = doc.video?.id;
    if (id !== undefined) {
      readCurves(id, doc.predictions[0]?.modelId ?? null).catch(notifyError);
    }
  };
  read();
  // Only jobs leave curves, and only another model in use has others.
  const stops = [
    on('models.changed', read),
    on('job.changed', ({ job }) => {
      if (job.state === 'done' && (job.kind === 'predict' || job.kind === 'train')) {
        read();
      }
    }),
  ];
  return () => {
    stops.forEach((stop) => stop());
    reading += 1;
    curves.list = [];
  };
}
