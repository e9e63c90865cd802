/**
 * A calibration: seconds of the real work of a training on this machine. Decodes frames of the person's own video, takes steps of the
 * configured encoder at the configured fidelity and of the configured head.
 */
import { join } from 'node:path';
import { StudioError } from '#core/contract/errors';
import type { ComputeEngine, EncoderSession, FrameBatch } from '#core/compute/engine';
import { buildDetector } from '#core/model/detectors/build';
import type { DetectorConfig } from '#core/model/detectors/config';
import type { TrainConfig } from '#core/train/config';
import { detectorConfigFor } from '#core/train/detectorFor';
import type { CalibrateJob, CalibrateResult } from '#core/train/job';
import { chunkOf } from '#core/train/work';
import { createRandom } from '#core/util/random';
import { openEngine } from '#service/engines/index';
import { openFrameIndex } from '#service/media/index/indexCache';
import { sampleFrames } from '#service/media/decode/sample';
import type { JobHandle } from './control.ts';
import { loadEncoder } from './modelFolder.ts';

/** Frames between two that are kept, and kept frames of one go. */
const FRAME_STEP = 5;
const FRAMES_KEPT = 10;
const DECODE_SEC = 1.5;
/** What a measured training step may take. */
const STEP_SEC = 3;

async function secondsFor(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Source pixels decoded in a second, in thousands. */
async function decodeRate({ video, config, folders }: CalibrateJob, signal: AbortSignal): Promise<number> {
  const index = await openFrameIndex(video.path, join(folders.cache, 'index'), {
    signal,
    known: video.contentHash,
  });
  const count = index.pts.length;
  let passed = 0;
  let seconds = 0;
  while (passed < count && seconds < DECODE_SEC) {
    const last = Math.min(count, passed + FRAME_STEP * FRAMES_KEPT);
    const frameIndices = Int32Array.from(
      { length: Math.ceil((last - passed) / FRAME_STEP) },
      (_, i) => passed + i * FRAME_STEP,
    );
    const request = { frameIndices, side: config.sampling.side, fit: 'square-crop' as const };
    seconds += await secondsFor(() => sampleFrames(video.path, index, request, { signal }));
    passed = last;
  }
  return (passed * (video.framePixels ?? config.sampling.side ** 2)) / 1000 / Math.max(1e-6, seconds);
}

function randomFrames(config: TrainConfig, snippets: number): FrameBatch {
  const { framesPerSnippet, side } = config.sampling;
  const random = createRandom(1);
  const data = new Uint8Array(snippets * framesPerSnippet * side * side * 3).map(() => random.integer(256));
  return { data, shape: [snippets, framesPerSnippet, side, side, 3] };
}

/** Seconds of a forward pass, and of one with gradients, for a thousand pixels. */
interface EncoderFigures {
  readonly forward: number;
  readonly backward: number;
}

async function measureEncoder(session: EncoderSession, config: TrainConfig): Promise<EncoderFigures> {
  const step = (frames: FrameBatch): Promise<number> => {
    const slope = new Float32Array(frames.shape[0] * session.spec.featureChannels).fill(1e-3);
    return secondsFor(() => session.gradients(frames, slope));
  };
  const one = randomFrames(config, 1);
  // The first call of a size compiles and allocates; those of a training are like the second.
  await session.features(one);
  const forward = await secondsFor(() => session.features(one));
  await step(one);
  const backward = await step(one);
  const snippets = Math.min(chunkOf(config), Math.floor(STEP_SEC / Math.max(1e-4, backward)));
  const kilopixels = one.data.length / 3 / 1000;
  if (snippets < 2) return { forward: forward / kilopixels, backward: backward / kilopixels };
  const frames = randomFrames(config, snippets);
  await session.features(frames);
  const whole = await secondsFor(() => session.features(frames));
  await step(frames);
  return { forward: whole / kilopixels / snippets, backward: (await step(frames)) / kilopixels / snippets };
}

/** Steps of the head in a second. */
async function headRate(
  engine: ComputeEngine,
  detector: DetectorConfig,
  config: TrainConfig,
): Promise<number> {
  await engine.useHeadBackend();
  const head = buildDetector(detector);
  const { snippets } = config.sampling;
  const items = config.head.batch;
  const random = createRandom(2);
  const features = Float32Array.from({ length: items * snippets * detector.inChannels }, () => random.next());
  const batch = {
    features,
    shape: [items, snippets, detector.inChannels],
    lengths: Array.from({ length: items }, () => snippets),
    segments: Array.from({ length: items }, () => [
      { start: snippets * 0.2, end: snippets * 0.4, classIndex: 0 },
    ]),
  } as const;
  const parameters = head.initialise(1);
  const state = head.initialState(1);
  const step = (): Promise<unknown> =>
    head.lossAndGradients(parameters, state, batch, { featureGradients: false });
  await step();
  return 1 / Math.max(1e-6, await secondsFor(step));
}

/** Measures. @throws StudioError `cancelled`, and what decoding and the engine throw */
export async function runCalibrateJob(job: CalibrateJob, handle: JobHandle): Promise<CalibrateResult> {
  const { config } = job;
  const stopIfCancelled = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    if (handle.signal.aborted) throw new StudioError('cancelled', 'The job was cancelled.');
  };
  const decode = await decodeRate(job, handle.signal);
  await stopIfCancelled();
  const encoder = await loadEncoder(config.encoder);
  const engine = await openEngine(job.engine);
  try {
    const session = await engine.openEncoder(encoder.card.spec, encoder.parameters, {
      batchNorm: config.lofi.batchNorm,
      frozenPrefixes: config.lofi.frozenPrefixes,
    });
    let figures: EncoderFigures;
    try {
      figures = await measureEncoder(session, config);
    } finally {
      session.dispose();
    }
    await stopIfCancelled();
    const channels = encoder.card.spec.featureChannels;
    const head = await headRate(engine, detectorConfigFor(config.detector, channels, job.classCount), config);
    // More snippets than one chunk pass twice: once for the features that the head sees, once for the gradients.
    const isChunked = config.sampling.snippets * config.lofi.batch > chunkOf(config);
    return {
      kind: 'calibrate',
      rates: {
        decode,
        features: 1 / figures.forward,
        tune: 1 / (figures.backward + (isChunked ? figures.forward : 0)),
        head,
      },
      engine: engine.name,
    };
  } finally {
    await engine.dispose();
  }
}
