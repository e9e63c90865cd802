/**
 * A training job on files: videos → frames → stages → two model folders.
 */
import { join } from 'node:path';
import type { TrainEnvironment } from '#core/train/environment';
import type { TrainJob, TrainedModel, TrainResult } from '#core/train/job';
import { detectorConfigFor, isMultiLabel } from '#core/train/detectorFor';
import { buildDetector } from '#core/model/detectors/build';
import { checkTraining, runTraining } from '#core/train/run';
import { planProgress } from '#core/train/work';
import { openEngine } from '#service/engines/index';
import { openCheckpoints } from './checkpointFiles.ts';
import { createControl, createMeter } from './control.ts';
import type { JobHandle } from './control.ts';
import { openFeatures } from './featureFiles.ts';
import { writeFileWhole } from '#service/media/file/wholeFiles';
import { openFrameCache } from './frameCache.ts';
import { loadEncoder, saveLocaliser } from './modelFolder.ts';
import { decodeVideos, indexVideos } from './videos.ts';

/** Runs a training. @throws StudioError `cancelled` and all that its parts throw */
export async function runTrainJob(job: TrainJob, handle: JobHandle): Promise<TrainResult> {
  const { config, labels, folders } = job;
  const control = createControl(handle);
  const meter = createMeter();
  const used = job.videos.filter((video) => video.subset !== 'testing');
  const encoder = await loadEncoder(config.encoder);
  const spec = { ...encoder.card.spec, framesPerSnippet: config.sampling.framesPerSnippet };
  const multiLabel = config.multiLabel ?? isMultiLabel(used);
  const detectorConfig = detectorConfigFor(config.detector, spec.featureChannels, labels.length, multiLabel);
  if (config.detector === 'g-tad' && multiLabel) {
    control.log('info', 'Some stretches have several labels: G-TAD’s proposals may get several, too.');
  }
  const frames = openFrameCache(folders.cache, config.sampling.side);
  const engine = await openEngine(job.engine);
  try {
    await writeFileWhole(
      join(folders.output, 'config.json'),
      `${JSON.stringify({ config, labels }, null, 2)}\n`,
    );
    const videos = await indexVideos(used, folders.cache, control, handle.signal);
    checkTraining(videos, labels);
    control.plan(planProgress(config, videos, job.rates), job.rates !== undefined);
    await meter.measure('decode', () =>
      decodeVideos(videos, frames, config.sampling, config.lofi, control, handle.signal),
    );
    const environment: TrainEnvironment = {
      engine,
      spec,
      detector: buildDetector(detectorConfig),
      frames,
      checkpoints: await openCheckpoints(folders.output, job.resume, (path, step) =>
        handle.report({ type: 'checkpoint', path, step }),
      ),
      features: openFeatures(folders.cache),
      control,
    };
    const outcome = await runTraining(
      environment,
      { config, labels, videos, encoder: encoder.parameters },
      meter,
    );
    const models: TrainedModel[] = [];
    for (const { variant, encoder: tuned, parameters, validation, predictions } of outcome.variants) {
      const folder = join(folders.output, variant);
      const card = {
        version: 1,
        kind: 'localiser',
        variant,
        spec,
        detector: detectorConfig,
        labels,
        sampling: config.sampling,
        config,
        validation,
        engine: engine.description,
      } as const;
      const bytes = await saveLocaliser(folder, { card, encoder: tuned, head: parameters });
      models.push({ variant, folder, bytes, validation, predictions });
    }
    return {
      kind: 'train',
      models,
      kept: outcome.kept,
      reason: outcome.reason,
      stages: meter.figures(),
      engine: engine.name,
    };
  } finally {
    await frames.close();
    await engine.dispose();
  }
}
