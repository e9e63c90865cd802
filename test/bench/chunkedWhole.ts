/**
 * `bench chunked-whole`: one training step of 100 snippets × 8 frames through the whole graph, and in exact chunks: time, peak memory, and how far the
 * gradients lie apart. Whole graphs are one ONNX graph of all snippets, which the engine itself never opens.
 *
 * Ways, each in a process of its own: `engine` (as it trains: chunks, blocked convolutions), `blocked-whole` (one graph of the same
 * convolutions), `plain-whole` and `plain-chunks` (ONNX's plain convolutions), and `plain-chunks-moved` (the same with every weight moved by one
 * part in ten millions: what rounding alone does to these gradients). Like is compared with like; the other pairs show what the form costs.
 *
 * Options: `--encoder NAME`, `--snippets N`, `--sides 112,224`, `--ways engine,blocked-whole,…`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gradientsInChunks } from '#core/compute/chunked';
import type { FrameBatch } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { encoderByName } from '#core/model/encoder/catalogue';
import { foldNorm } from '#core/model/encoder/fold';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { sumName } from '#core/model/onnx/blocked/backward';
import { collectGradients, createBlockedMemory, fillWeights } from '#core/model/onnx/blocked/memory';
import { FEATURE_GRADIENT_INPUT, gradientName } from '#core/model/onnx/backwardGraph';
import {
  FEATURES_OUTPUT,
  foldedOffsetName,
  foldedScaleName,
  FRAMES_INPUT,
} from '#core/model/onnx/forwardGraph';
import { blockedGradientsModel, convLayers, gradientsModel } from '#core/model/onnx/models';
import { snippetsPerCall } from '#core/train/extract';
import { createRandom } from '#core/util/random';
import { openEngine } from '#service/engines/index';
import { blockSize } from '#service/engines/onnx/blockSize';
import { describeBlocked } from '#service/engines/onnx/encoderSession';
import { loadRuntime, openGraph } from '#service/engines/onnx/runtime';
import { referenceFeatureGradients, referenceFrames } from '#service/engines/selftest/inputs';
import { decodeTensors, encodeTensors } from '#worker/tensorFile';
import type { Benchmark } from './benchmark.ts';

const WAYS = ['engine', 'blocked-whole', 'plain-whole', 'plain-chunks', 'plain-chunks-moved'] as const;
type Way = (typeof WAYS)[number];

/** Pairs of ways whose gradients are compared: first the ones that must agree. */
const PAIRS: readonly (readonly [Way, Way])[] = [
  ['engine', 'blocked-whole'],
  ['plain-chunks', 'plain-whole'],
  ['engine', 'plain-whole'],
  ['engine', 'plain-chunks'],
  ['plain-chunks-moved', 'plain-chunks'],
];

interface Figures {
  readonly seconds: number;
  readonly peakBytes: number;
}

interface Step {
  readonly spec: EncoderSpec;
  readonly parameters: TensorMap;
  readonly frames: FrameBatch;
  readonly dFeatures: Float32Array;
  readonly chunk: number;
}

/** Weights' gradients and the seconds that they took, their graph compiled before. */
type Result = Promise<{ readonly gradients: TensorMap; readonly seconds: number }>;

const secondsSince = (began: number): number => (performance.now() - began) / 1000;

async function engineStep({ spec, parameters, frames, dFeatures, chunk }: Step): Result {
  const engine = await openEngine('onnx');
  const session = await engine.openEncoder(spec, parameters, { batchNorm: 'frozen' });
  const began = performance.now();
  // As a training step: features of all snippets first, then the gradients chunk by chunk.
  await session.features(frames);
  const { gradients } = await gradientsInChunks(session, frames, dFeatures, chunk);
  const seconds = secondsSince(began);
  session.dispose();
  await engine.dispose();
  return { gradients, seconds };
}

async function plainStep({ spec, parameters, frames, dFeatures, chunk }: Step): Result {
  const library = await loadRuntime();
  const encoder = buildEncoderLayers(spec);
  const tensor = (data: Float32Array, dims: readonly number[]) => new library.Tensor('float32', data, dims);
  const feeds: Parameters<Awaited<ReturnType<typeof openGraph>>['run']>[0] = Object.fromEntries(
    convLayers(encoder).flatMap(({ weight, norm, outChannels }) => {
      const { scale, offset } = foldNorm(norm, parameters);
      return [
        [weight, tensor(parameters[weight]!.data, parameters[weight]!.shape)],
        [foldedScaleName(norm), tensor(scale, [outChannels])],
        [foldedOffsetName(norm), tensor(offset, [outChannels])],
      ];
    }),
  );
  const [, count, height, width] = frames.shape;
  const graphs = new Map<number, Awaited<ReturnType<typeof openGraph>>>();
  const session = {
    spec,
    features: () => Promise.reject(new Error('not used')),
    gradients: async (part: FrameBatch, share: Float32Array) => {
      const snippets = part.shape[0];
      const shape = { snippets, frames: count, height, width };
      let graph = graphs.get(snippets);
      if (graph === undefined) {
        graph = await openGraph(gradientsModel(encoder, shape, 'frozen', () => true));
        graphs.set(snippets, graph);
      }
      const outputs = await graph.run({
        ...feeds,
        [FRAMES_INPUT]: new library.Tensor('uint8', part.data, part.shape),
        [FEATURE_GRADIENT_INPUT]: tensor(share, [snippets, spec.featureChannels]),
      });
      const gradients = Object.fromEntries(
        convLayers(encoder).map(({ weight }) => [
          weight,
          { shape: parameters[weight]!.shape, data: outputs[gradientName(weight)]! },
        ]),
      );
      return { gradients, features: outputs[FEATURES_OUTPUT]! };
    },
  };
  const began = performance.now();
  const { gradients } = await gradientsInChunks(session, frames, dFeatures, chunk);
  return { gradients, seconds: secondsSince(began) };
}

async function blockedWhole({ spec, parameters, frames, dFeatures }: Step): Result {
  const library = await loadRuntime();
  const block = await blockSize();
  if (block === null) throw new Error('The runtime has no blocked convolutions on this processor.');
  const blocked = describeBlocked(spec, { batchNorm: 'frozen' }, block);
  const memory = createBlockedMemory(blocked, 1);
  const alone = { index: 0, of: 1 };
  for (const [name, { data }] of Object.entries(memory.parameters)) data.set(parameters[name]!.data);
  fillWeights(blocked, memory, 'forward', alone);
  fillWeights(blocked, memory, 'backward', alone);
  const [snippets, count, height, width] = frames.shape;
  const shape = { snippets, frames: count, height, width };
  const graph = await openGraph(blockedGradientsModel(blocked.encoder, shape, block, blocked.trainable));
  const tensors = (map: TensorMap) =>
    Object.entries(map).map(
      ([name, { data, shape: dims }]) => [name, new library.Tensor('float32', data, dims)] as const,
    );
  const feeds = tensors({ ...memory.forward, ...memory.backward });
  const sums = tensors(memory.sums[0]!);
  const began = performance.now();
  await graph.run(
    {
      ...Object.fromEntries(feeds),
      ...Object.fromEntries(sums.map(([name, sum]) => [sumName(name), sum])),
      [FRAMES_INPUT]: new library.Tensor('uint8', frames.data, frames.shape),
      [FEATURE_GRADIENT_INPUT]: new library.Tensor('float32', dFeatures, [snippets, spec.featureChannels]),
    },
    Object.fromEntries(sums),
  );
  return { gradients: collectGradients(blocked, memory, 1, alone), seconds: secondsSince(began) };
}

/** Every weight moved by one part in ten millions up or down: less than its own rounding in float32. */
function moved(parameters: TensorMap): TensorMap {
  const random = createRandom(5);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((value) => value * (1 + (random.next() < 0.5 ? -1e-7 : 1e-7))) },
    ]),
  );
}

async function measure(
  name: string,
  way: string,
  snippets: number,
  side: number,
  file: string,
): Promise<Figures> {
  const spec = encoderByName(name);
  const parameters = initialiseEncoder(spec, 1);
  const step: Step = {
    spec,
    parameters: way === 'plain-chunks-moved' ? moved(parameters) : parameters,
    frames: referenceFrames([snippets, spec.framesPerSnippet, side, side]),
    dFeatures: referenceFeatureGradients(snippets, spec.featureChannels),
    chunk: way === 'plain-whole' ? snippets : snippetsPerCall(spec.framesPerSnippet, side),
  };
  const run = way === 'engine' ? engineStep : way === 'blocked-whole' ? blockedWhole : plainStep;
  const { gradients, seconds } = await run(step);
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const weights = convLayers(buildEncoderLayers(spec)).map(({ weight }) => weight);
  const own = Object.fromEntries(weights.map((weight) => [weight, gradients[weight]!]));
  writeFileSync(file, encodeTensors(own));
  return { seconds, peakBytes };
}

/** The largest distance of a tensor's gradients, as a share of their Euclidean norm, and of single values as a share of the peak. */
function distanceOf(one: TensorMap, other: TensorMap): { readonly norm: number; readonly peak: number } {
  let norm = 0;
  let peak = 0;
  for (const [name, { data }] of Object.entries(other)) {
    let [square, apart, largest, furthest] = [0, 0, 0, 0];
    for (const [i, value] of data.entries()) {
      const difference = Math.abs(one[name]!.data[i]! - value);
      square += value ** 2;
      apart += difference ** 2;
      largest = Math.max(largest, Math.abs(value));
      furthest = Math.max(furthest, difference);
    }
    norm = Math.max(norm, Math.sqrt(apart / square));
    peak = Math.max(peak, furthest / largest);
  }
  return { norm, peak };
}

/** The same measurement in a process of its own; its gradients go to a file. */
function apart(encoder: string, way: string, snippets: number, side: number, file: string): Figures {
  const cli = fileURLToPath(new URL('../../electron/cli/index.ts', import.meta.url));
  const one = `${encoder},${way},${snippets},${side},${file}`;
  const output = execFileSync(process.execPath, [cli, 'bench', 'chunked-whole', '--one', one, '--json'], {
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output) as Figures;
}

export const bench: Benchmark = {
  name: 'chunked-whole',
  summary:
    'a training step of 100 snippets through the whole graph and in exact chunks: time, memory, difference',
  run: async ({ options, log }) => {
    if (options['one'] !== undefined) {
      const [encoder = '', way = '', snippets, side, file = ''] = options['one'].split(',');
      return { ...(await measure(encoder, way, Number(snippets), Number(side), file)) };
    }
    const encoder = options['encoder'] ?? 'tsm-resnet18';
    const snippets = Number(options['snippets'] ?? 100);
    const sides = (options['sides'] ?? '112').split(',').map(Number);
    const ways = WAYS.filter(
      (way) => options['ways'] === undefined || options['ways'].split(',').includes(way),
    );
    const folder = mkdtempSync(path.join(tmpdir(), 'lofi-chunked-'));
    const rows: Record<string, unknown>[] = [];
    const tell = (row: Record<string, unknown>): void => {
      rows.push(row);
      log(JSON.stringify(row));
    };
    for (const side of sides) {
      const fileOf = (way: Way): string => path.join(folder, `${way}-${side}`);
      for (const way of ways) {
        const { seconds, peakBytes } = apart(encoder, way, snippets, side, fileOf(way));
        tell({ encoder, snippets, side, way, seconds, peakBytes });
      }
      for (const pair of PAIRS.filter((each) => each.every((way) => ways.includes(way)))) {
        const [one, other] = pair.map((way) => decodeTensors(readFileSync(fileOf(way)), way).tensors);
        tell({
          encoder,
          snippets,
          side,
          pair: pair.join(' – '),
          relativeDifference: distanceOf(one!, other!),
        });
      }
    }
    rmSync(folder, { recursive: true, force: true });
    return { rows };
  },
};
