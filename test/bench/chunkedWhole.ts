/**
 * `bench chunked-whole`: one training step of 100 snippets × 8 frames through the whole graph, and in exact chunks: time, peak memory, and how far the
 * gradients lie apart. The whole graph is one ONNX graph of all snippets, which the engine itself never opens.
 *
 * Options: `--encoder NAME`, `--snippets N`, `--sides 112,224`, `--whole 112` (sides at which the whole graph fits). Each figure comes from a
 * process of its own.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gradientsInChunks } from '#core/compute/chunked';
import type { TensorMap } from '#core/compute/hostTensor';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { encoderByName } from '#core/model/encoder/catalogue';
import { foldNorm } from '#core/model/encoder/fold';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { FEATURE_GRADIENT_INPUT, gradientName } from '#core/model/onnx/backwardGraph';
import { foldedOffsetName, foldedScaleName, FRAMES_INPUT } from '#core/model/onnx/forwardGraph';
import { convLayers, gradientsModel } from '#core/model/onnx/models';
import { snippetsPerCall } from '#core/train/extract';
import { openEngine } from '#service/engines/index';
import { loadRuntime, openGraph } from '#service/engines/onnx/runtime';
import { referenceFeatureGradients, referenceFrames } from '#service/engines/selftest/inputs';
import type { Benchmark } from './benchmark.ts';

interface Figures {
  readonly seconds: number;
  readonly peakBytes: number;
  /** Of the weights' gradients, by name: Euclidean norm and the first value, to compare the two ways. */
  readonly norms: Readonly<Record<string, number>>;
}

/** Norms of the weights' gradients, and a projection on a fixed direction, which differs where single values do. */
function normsOf(gradients: TensorMap, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const { data } = gradients[name]!;
      let square = 0;
      let projection = 0;
      for (let i = 0; i < data.length; i += 1) {
        square += data[i]! ** 2;
        projection += data[i]! * Math.sin(i + 1);
      }
      return [
        [name, Math.sqrt(square)],
        [`${name} projected`, projection],
      ];
    }),
  );
}

async function measure(name: string, way: string, snippets: number, side: number): Promise<Figures> {
  const spec = encoderByName(name);
  const parameters = initialiseEncoder(spec, 1);
  const frames = referenceFrames([snippets, spec.framesPerSnippet, side, side]);
  const dFeatures = referenceFeatureGradients(snippets, spec.featureChannels);
  const encoder = buildEncoderLayers(spec);
  const names = convLayers(encoder).map(({ weight }) => weight);
  let gradients: TensorMap = {};
  let seconds = 0;
  if (way === 'whole') {
    const library = await loadRuntime();
    const shape = { snippets, frames: spec.framesPerSnippet, height: side, width: side };
    const graph = await openGraph(gradientsModel(encoder, shape, 'frozen', () => true));
    const tensor = (data: Float32Array, dims: readonly number[]) => new library.Tensor('float32', data, dims);
    const feeds: Parameters<typeof graph.run>[0] = {
      [FRAMES_INPUT]: new library.Tensor('uint8', frames.data, frames.shape),
      [FEATURE_GRADIENT_INPUT]: tensor(dFeatures, [snippets, spec.featureChannels]),
      ...Object.fromEntries(
        convLayers(encoder).flatMap(({ weight, norm, outChannels }) => {
          const { scale, offset } = foldNorm(norm, parameters);
          return [
            [weight, tensor(parameters[weight]!.data, parameters[weight]!.shape)],
            [foldedScaleName(norm), tensor(scale, [outChannels])],
            [foldedOffsetName(norm), tensor(offset, [outChannels])],
          ];
        }),
      ),
    };
    const began = performance.now();
    const outputs = await graph.run(feeds);
    seconds = (performance.now() - began) / 1000;
    gradients = Object.fromEntries(
      names.map((weight) => [weight, { shape: [], data: outputs[gradientName(weight)]! }]),
    );
  } else {
    const engine = await openEngine('onnx');
    const session = await engine.openEncoder(spec, parameters, { batchNorm: 'frozen' });
    const began = performance.now();
    const chunk = snippetsPerCall(spec.framesPerSnippet, side);
    // As a training step: features of all snippets first, then the gradients chunk by chunk.
    await session.features(frames);
    ({ gradients } = await gradientsInChunks(session, frames, dFeatures, chunk));
    seconds = (performance.now() - began) / 1000;
    session.dispose();
    await engine.dispose();
  }
  return { seconds, peakBytes: process.resourceUsage().maxRSS * 1024, norms: normsOf(gradients, names) };
}

/** The same measurement in a process of its own. */
function apart(encoder: string, way: string, snippets: number, side: number): Figures {
  const cli = fileURLToPath(new URL('../../electron/cli/index.ts', import.meta.url));
  const one = `${encoder},${way},${snippets},${side}`;
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
      const [encoder = '', way = '', snippets, side] = options['one'].split(',');
      return { ...(await measure(encoder, way, Number(snippets), Number(side))) };
    }
    const encoder = options['encoder'] ?? 'tsm-resnet18';
    const snippets = Number(options['snippets'] ?? 100);
    const sides = (options['sides'] ?? '112,224').split(',').map(Number);
    const wholeSides = (options['whole'] ?? '112').split(',').map(Number);
    const rows: Record<string, unknown>[] = [];
    for (const side of sides) {
      const chunked = apart(encoder, 'chunked', snippets, side);
      const whole = wholeSides.includes(side) ? apart(encoder, 'whole', snippets, side) : null;
      const difference =
        whole === null
          ? null
          : Math.max(
              ...Object.entries(whole.norms).map(([name, value]) => {
                const norm = whole.norms[name.replace(/ projected$/, '')]!;
                return Math.abs(value - chunked.norms[name]!) / norm;
              }),
            );
      const row = {
        encoder,
        snippets,
        side,
        chunkedSeconds: chunked.seconds,
        chunkedPeakBytes: chunked.peakBytes,
        wholeSeconds: whole?.seconds ?? null,
        wholePeakBytes: whole?.peakBytes ?? null,
        largestRelativeDifference: difference,
      };
      rows.push(row);
      log(JSON.stringify(row));
    }
    return { rows };
  },
};
