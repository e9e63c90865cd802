/** What the encoder benchmarks share: a batch, times and memory of an engine, and the PyTorch peer in the same run. */
import type { EngineName, EncoderSession } from '#core/compute/engine';
import type { BenchmarkContext } from './benchmark.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { StudioError } from '#core/contract/errors';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { openEngine } from '#service/engines/index';
import { referenceFeatureGradients, referenceFrames } from '#service/engines/selftest/inputs';
import { machine, ratioOf, spreadOf } from './spread.ts';
import { startPeer } from './torchPeer.ts';

/** What is timed: `step` is new weights, forward and backward pass; `extract` features with parameters that stay. */
export type EncoderWork = 'step' | 'extract';

/** Between turns, so that the other side's threads have gone to sleep. */
export const PAUSE_MS = 50;

/** A whole number above 0 from the command line. */
export function positive(context: BenchmarkContext, name: string, fallback: number): number {
  const value = Number(context.options[name] ?? fallback);
  if (!Number.isInteger(value) || value < 1)
    throw new StudioError('wrong-usage', `--${name} needs a whole number above 0.`);
  return value;
}

/** Runs one benchmark: the engine that is asked for and, where a Python with torch is found, PyTorch in turn with it. */
export async function encoderBenchmark(
  work: EncoderWork,
  context: BenchmarkContext,
): Promise<Record<string, unknown>> {
  const encoder = context.options['encoder'] ?? 'tsm-resnet18';
  const side = positive(context, 'side', 112);
  const runs = positive(context, 'runs', 9);
  const spec = encoderByName(encoder);
  const count = positive(context, 'frames', 64);
  const perSnippet = spec.framesPerSnippet;
  const snippets = Math.max(1, Math.round(count / perSnippet));
  const engine = await openEngine((context.options['engine'] ?? 'onnx') as EngineName | 'auto');
  const parameters = initialiseEncoder(spec, 1);
  const session = await engine.openEncoder(spec, parameters, {
    batchNorm: 'frozen',
    constantParameters: work === 'extract',
  });
  const batch = referenceFrames([snippets, perSnippet, side, side]);
  const dFeatures = referenceFeatureGradients(snippets, spec.featureChannels);
  const once = async (open: EncoderSession): Promise<unknown> => {
    if (work === 'extract') return open.features(batch);
    open.setParameters(parameters);
    return open.step(batch, () => Promise.resolve(dFeatures));
  };
  await once(session);
  const peer = await startPeer('torch_step.py', [encoder, String(snippets), String(side), work], context.log);
  const times: number[] = [];
  let processorMs = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs; run += 1) {
    const before = process.cpuUsage();
    const start = performance.now();
    await once(session);
    times.push(performance.now() - start);
    const used = process.cpuUsage(before);
    processorMs = Math.min(processorMs, (used.user + used.system) / 1e3);
    await wait(PAUSE_MS);
    await peer?.run();
    await wait(PAUSE_MS);
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  session.dispose();
  await engine.dispose();
  const pytorch = (await peer?.finish()) ?? null;
  const time = spreadOf(times);
  return {
    work,
    engine: engine.name,
    encoder,
    frames: snippets * perSnippet,
    side,
    time,
    processorMs,
    peakBytes,
    device: engine.description,
    machine: machine(),
    pytorch,
    ...(pytorch === null
      ? {}
      : {
          timesPyTorch: ratioOf(time, pytorch.time),
          memoryOfPyTorch: Number((peakBytes / pytorch.peakBytes).toFixed(3)),
        }),
  };
}
