/**
 * A prediction job on files: a model folder and videos in, scored segments in seconds out.
 */
import { join } from 'node:path';
import type { ScoredSegment } from '#core/annotation/segment';
import type { SnippetPlan } from '#core/data/snippets';
import { curveSeries, packCurves } from '#core/infer/curveFile';
import { curvesSliding } from '#core/infer/slidingDetections';
import type { GridCurves } from '#core/model/detector';
import { buildDetector } from '#core/model/detectors/build';
import { extractFeatures } from '#core/train/extract';
import { detectVideos } from '#core/train/heldOut';
import type { PredictJob, PredictResult } from '#core/train/job';
import { openEngine } from '#service/engines/index';
import { openCheckpoints } from './checkpointFiles.ts';
import { createControl } from './control.ts';
import type { JobHandle } from './control.ts';
import { openFeatures } from './featureFiles.ts';
import { writeFileWhole } from '#service/media/file/wholeFiles';
import { openFrameCache } from './frameCache.ts';
import { loadLocaliser } from './modelFolder.ts';
import { decodeVideos, indexVideos } from './videos.ts';

function saveCurves(
  file: string,
  plan: SnippetPlan,
  curves: GridCurves,
  labels: readonly string[],
): Promise<void> {
  const { startSec, stepSec, snippets: count } = plan;
  return writeFileWhole(
    file,
    packCurves({ startSec, stepSec, count, series: curveSeries(curves, labels) }, curves.values),
  );
}

/** Runs a prediction. @throws StudioError `cancelled` and all that its parts throw */
export async function runPredictJob(job: PredictJob, handle: JobHandle): Promise<PredictResult> {
  const control = createControl(handle);
  const { card, encoder, head } = await loadLocaliser(job.model);
  const frames = openFrameCache(job.folders.cache, card.sampling.side);
  const engine = await openEngine(job.engine);
  try {
    const videos = await indexVideos(job.videos, job.folders.cache, control, handle.signal);
    control.plan([
      { name: 'decode', weight: 1 },
      { name: 'features', weight: 8 },
      { name: 'detect', weight: 1 },
    ]);
    await decodeVideos(videos, frames, card.sampling, null, control, handle.signal);
    const environment = {
      engine,
      spec: card.spec,
      detector: buildDetector(card.detector),
      frames,
      checkpoints: await openCheckpoints(job.folders.output, false, () => undefined),
      features: openFeatures(job.folders.cache),
      control,
    };
    const features = await extractFeatures(environment, encoder, videos, card.sampling, 'features', 'videos');
    const predictions: Record<string, ScoredSegment[]> = {};
    for (const [index, video] of videos.entries()) {
      await control.breathe();
      const { snippets } = card.sampling;
      Object.assign(
        predictions,
        await detectVideos(environment, head, [video], features, card.labels, snippets),
      );
      if (job.curves !== undefined) {
        const { plan, features: rows } = features.get(video.id)!;
        const curves = await curvesSliding(environment.detector, head, rows, plan.snippets, snippets);
        await saveCurves(join(job.curves, `${video.id}.curves`), plan, curves, card.labels);
      }
      control.progress('detect', 'Localising', index + 1, videos.length, 'videos');
    }
    return { kind: 'predict', predictions, engine: engine.name };
  } finally {
    await frames.close();
    await engine.dispose();
  }
}
