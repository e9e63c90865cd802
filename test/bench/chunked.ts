/** `bench chunked [--engine NAME] [--snippets 100]`: one exact step in chunks (features, head, gradients chunk by chunk) beside the direct step, per frame. */
import { stepInChunks } from '#core/compute/chunked';
import type { EngineName } from '#core/compute/engine';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { openEngine } from '#service/engines/index';
import { referenceFeatureGradients, referenceFrames } from '#service/engines/selftest/inputs';
import type { Benchmark } from './benchmark.ts';
import { positive } from './encoderFigures.ts';
import { machine, ratioOf, spreadOf } from './spread.ts';

const SIDE = 112;
const DIRECT_SNIPPETS = 8;
/** The direct step is shorter and runs several times in each turn. */
const DIRECT_RUNS = 3;

export const bench: Benchmark = {
  name: 'chunked',
  summary:
    'a step of 100 snippets in chunks beside the direct step of 8 (--encoder, --snippets, --engine, --runs)',
  run: async (context) => {
    const { options } = context;
    const encoder = options['encoder'] ?? 'tsm-resnet18';
    const snippets = positive(context, 'snippets', 100);
    const runs = positive(context, 'runs', 5);
    const spec = encoderByName(encoder);
    const engine = await openEngine((options['engine'] ?? 'onnx') as EngineName | 'auto');
    const session = await engine.openEncoder(spec, initialiseEncoder(spec, 1), { batchNorm: 'frozen' });
    /** Milliseconds per frame of one step. */
    const stepOf = (count: number) => {
      const frames = referenceFrames([count, spec.framesPerSnippet, SIDE, SIDE]);
      const dFeatures = referenceFeatureGradients(count, spec.featureChannels);
      return async (): Promise<number> => {
        const start = performance.now();
        await stepInChunks(session, frames, () => Promise.resolve(dFeatures), {
          chunkSnippets: DIRECT_SNIPPETS,
        });
        return (performance.now() - start) / (count * spec.framesPerSnippet);
      };
    };
    const chunked = stepOf(snippets);
    const chunkedTimes: number[] = [];
    const directTimes: number[] = [];
    await chunked();
    // The direct step keeps a forward pass besides: the chunked one's memory is read before it.
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    const direct = stepOf(DIRECT_SNIPPETS);
    await direct();
    for (let run = 0; run < runs; run += 1) {
      chunkedTimes.push(await chunked());
      for (let short = 0; short < DIRECT_RUNS; short += 1) directTimes.push(await direct());
    }
    session.dispose();
    await engine.dispose();
    const [chunkedPerFrame, directPerFrame] = [spreadOf(chunkedTimes), spreadOf(directTimes)];
    return {
      engine: engine.name,
      encoder,
      snippets,
      side: SIDE,
      chunkedPerFrame,
      directPerFrame,
      timesDirect: ratioOf(chunkedPerFrame, directPerFrame),
      peakBytes,
      device: engine.description,
      machine: machine(),
    };
  },
};
