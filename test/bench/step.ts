/** `bench step --encoder NAME --frames N --side PX [--engine NAME] [--runs 7]`: one training step of an encoder, beside PyTorch. */
import type { Benchmark } from './benchmark.ts';
import { encoderBenchmark } from './encoderFigures.ts';

export const bench: Benchmark = {
  name: 'step',
  summary: 'training step of an encoder, PyTorch beside it (--encoder, --frames, --side, --engine, --runs)',
  run: (context) => encoderBenchmark('step', context),
};
