/** `bench chunked [--engine NAME] [--snippets 100]`: one exact step in chunks (features, head, gradients chunk by chunk) beside the direct step, per frame. */
import { stepInChunks } from '#core/compute/chunked';
import type { EngineName } from '#core/compute/engine';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { openEngine } from '#service/engines/index';
import { referenceFeatureGradients, referenceFrames } from '#service/engines/selftest/inputs';
import type { Benchmark } from './benchmark.ts';

const SIDE = 112;
const DIRECT_SNIPPETS = 8;
const RUNS = 3;

export const bench: Benchmark = {
  name: 'chunked',
  summary: 'a step of 100 snippets in chunks beside the direct step of 8 (--encoder, --snippets, --engine)',
  run: async ({ options }) => {
    const encoder = options['encoder'] ?? 'tsm-resnet18';
    const snippets = Number(options['snippets'] ?? 100);
    const spec = encoderByName(encoder);
    const engine = await openEngine((options['engine'] ?? 'onnx') as EngineName | 'auto');
    const session = await engine.openEncoder(spec, initialiseEncoder(spec, 1), { batchNorm: 'frozen' });
    const shortest = async (work: () => Promise<unknown>): Promise<number> => {
      const times: number[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        const start = performance.now();
        await work();
        times.push(performance.now() - start);
      }
      return Math.min(...times);
    };
    const step = (count: number, chunkSnippets: number) => {
      const frames = referenceFrames([count, spec.framesPerSnippet, SIDE, SIDE]);
      const dFeatures = referenceFeatureGradients(count, spec.featureChannels);
      return shortest(() =>
        stepInChunks(session, frames, () => Promise.resolve(dFeatures), { chunkSnippets }),
      );
    };
    const frames = (count: number): number => count * spec.framesPerSnippet;
    const chunkedMs = (await step(snippets, DIRECT_SNIPPETS)) / frames(snippets);
    const peakBytes = process.resourceUsage().maxRSS * 1024;
    const directMs = (await step(DIRECT_SNIPPETS, DIRECT_SNIPPETS)) / frames(DIRECT_SNIPPETS);
    session.dispose();
    await engine.dispose();
    return {
      engine: engine.name,
      encoder,
      snippets,
      side: SIDE,
      chunkedMsPerFrame: chunkedMs,
      directMsPerFrame: directMs,
      timesDirect: chunkedMs / directMs,
      peakBytes,
      runs: RUNS,
    };
  },
};
