/** `bench extract --encoder NAME --frames N --side PX [--engine NAME] [--runs 7]`: frozen features, beside PyTorch. */
import type { Benchmark } from './benchmark.ts';
import { encoderBenchmark } from './encoderFigures.ts';

export const bench: Benchmark = {
  name: 'extract',
  summary: 'frozen features of an encoder, PyTorch beside it (--encoder, --frames, --side, --engine, --runs)',
  run: (context) => encoderBenchmark('extract', context),
};
