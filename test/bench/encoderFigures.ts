/** What the encoder benchmarks share: a batch, times and memory of an engine, and the PyTorch peer in the same run. */
import type { EngineName, EncoderSession } from '#core/compute/engine';
import type { BenchmarkContext } from './benchmark.ts';
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { StudioError } from '#core/contract/errors';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { openEngine } from '#service/engines/index';
import { referenceFeatureGradients, referenceFrames } from '#service/engines/selftest/inputs';

/** Times of one engine. */
export interface EncoderFigures {
  readonly engine: string;
  readonly encoder: string;
  readonly frames: number;
  readonly side: number;
  /** The shortest run. */
  readonly ms: number;
  readonly medianMs: number;
  /** Processor time of all threads in the cheapest run: what other programs disturb least. */
  readonly processorMs: number;
  readonly peakBytes: number;
  readonly runs: number;
}

/** What is timed: `step` is new weights, forward and backward pass; `extract` features with parameters that stay. */
export type EncoderWork = 'step' | 'extract';

const PEER = fileURLToPath(new URL('./torch_step.py', import.meta.url));

function positive(context: BenchmarkContext, name: string, fallback: number): number {
  const value = Number(context.options[name] ?? fallback);
  if (!Number.isInteger(value) || value < 1)
    throw new StudioError('wrong-usage', `--${name} needs a whole number above 0.`);
  return value;
}

/** Runs one benchmark: the engine that is asked for, then PyTorch where a Python with torch is found. */
export async function encoderBenchmark(
  work: EncoderWork,
  context: BenchmarkContext,
): Promise<Record<string, unknown>> {
  const encoder = context.options['encoder'] ?? 'tsm-resnet18';
  const side = positive(context, 'side', 112);
  const runs = positive(context, 'runs', 7);
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
  const times: number[] = [];
  const processorTimes: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const before = process.cpuUsage();
    const start = performance.now();
    await once(session);
    times.push(performance.now() - start);
    const used = process.cpuUsage(before);
    processorTimes.push((used.user + used.system) / 1e3);
  }
  times.sort((a, b) => a - b);
  processorTimes.sort((a, b) => a - b);
  const figures: EncoderFigures = {
    engine: engine.name,
    encoder,
    frames: snippets * perSnippet,
    side,
    ms: times[0]!,
    medianMs: times[Math.floor(runs / 2)]!,
    processorMs: processorTimes[0]!,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    runs,
  };
  session.dispose();
  await engine.dispose();
  const peer = torchPeer([encoder, String(snippets), String(side), work, String(runs)], context);
  return {
    ...figures,
    device: engine.description,
    machine: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.version,
    pytorch: peer,
    ...(peer === null ? {} : { timesPyTorch: figures.ms / peer.ms }),
  };
}

interface PeerFigures {
  readonly ms: number;
  readonly medianMs: number;
  /** Processor time of all threads in the cheapest run: what other programs disturb least. */
  readonly processorMs: number;
  readonly peakBytes: number;
  readonly torch: string;
}

function torchPeer(parameters: readonly string[], { log }: BenchmarkContext): PeerFigures | null {
  const python = process.env['LOFI_PYTHON'] ?? 'python3';
  try {
    const output = execFileSync(python, [PEER, ...parameters], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(output) as PeerFigures;
  } catch {
    log(
      `No PyTorch beside it: ${python} with torch and torchvision was not found. ` +
        'Get it with "pip install torch torchvision", or name another Python with LOFI_PYTHON.',
    );
    return null;
  }
}
