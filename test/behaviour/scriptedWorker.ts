/**
 * A worker for tests of the queue: speaks the worker's protocol, counts instead of training, and fails in the ways that workers fail.
 *
 * What it does is in `config.encoder`: `script:STEPS:MILLISECONDS:WAY`. Its state after each step is a checkpoint, so a resumed run must end
 * with the same number as a straight one. Tests of real training use the real worker.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrainJob, WorkerCommand, WorkerJob, WorkerMessage } from '#core/train/job';

let paused = false;
let cancelled = false;
let stubborn = false;

const send = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });

function writeWhole(file: string, text: string): void {
  fs.writeFileSync(`${file}.part`, text);
  fs.renameSync(`${file}.part`, file);
}

async function train(job: TrainJob): Promise<void> {
  const [, stepsText, delayText, way = 'well'] = job.config.encoder.split(':');
  const steps = Number(stepsText);
  const checkpoint = path.join(job.folders.output, 'checkpoint.json');
  fs.mkdirSync(job.folders.output, { recursive: true });
  let state = { step: 0, sum: 1 };
  if (job.resume && fs.existsSync(checkpoint))
    state = JSON.parse(fs.readFileSync(checkpoint, 'utf8')) as typeof state;
  stubborn = way === 'stubborn';
  while (state.step < steps) {
    if (cancelled && !stubborn) return void (await send({ type: 'cancelled' }));
    if (paused) {
      await sleep(5);
      continue;
    }
    await sleep(Number(delayText));
    const step = state.step + 1;
    state = { step, sum: (state.sum * 31 + step) % 1_000_003 };
    writeWhole(checkpoint, JSON.stringify(state));
    await send({ type: 'checkpoint', path: checkpoint, step });
    if (step === 2 && way === 'killed') process.kill(process.pid, 'SIGKILL');
    if (step === 2 && way === 'crash') process.abort();
    if (step === 2 && way === 'exit') {
      process.stderr.write('something odd\n');
      process.exit(3);
    }
    if (step === 2 && way === 'memory') {
      return void (await send({
        type: 'failed',
        error: { code: 'out-of-memory', message: 'Out of memory.', detail: {} },
      }));
    }
    await send({ type: 'metric', metric: { name: 'loss', series: 'stage2', step, value: state.sum } });
    for (let i = 0; i < 20; i += 1) {
      await send({
        type: 'progress',
        progress: {
          fraction: step / steps,
          step: 'stage2',
          text: `Step ${step}`,
          done: step,
          total: steps,
          unit: 'steps',
          secondsLeft: 1,
        },
      });
    }
  }
  const models = (['frozen', 'lofi'] as const).map((variant) => {
    const folder = path.join(job.folders.output, variant);
    fs.mkdirSync(folder, { recursive: true });
    writeWhole(path.join(folder, 'weights.safetensors'), String(state.sum));
    if (way !== 'half') writeWhole(path.join(folder, 'model.json'), '{}');
    return {
      variant,
      folder,
      bytes: 7,
      validation: { averageMap: variant === 'lofi' ? 0.5 : 0.4, map: { '0.50': 0.6 } },
      predictions: {},
    };
  });
  const result = {
    kind: 'train' as const,
    models,
    kept: 'lofi' as const,
    reason: 'LoFi is kept.',
    stages: [{ name: 'stage2', seconds: 2, peakBytes: 1 }],
    engine: 'script',
  };
  await send({ type: 'done', result });
  await send({ type: 'done', result });
  await send({ type: 'failed', error: { code: 'internal', message: 'A second ending.', detail: {} } });
}

async function run(job: WorkerJob): Promise<void> {
  if (job.kind === 'train') await train(job);
  else if (job.kind === 'calibrate') {
    const rates = { decode: 1000, features: 500, tune: 100, head: 20 };
    await send({ type: 'done', result: { kind: 'calibrate', rates, engine: 'script' } });
  } else if (job.kind === 'engine-test') {
    process.kill(process.pid, 'SIGSEGV');
  } else if (job.kind === 'predict') {
    const predictions = Object.fromEntries(
      job.videos.map((video) => [
        video.id,
        [
          { label: 'jump', startSec: 1, endSec: 2, score: 0.9 },
          { label: 'jump', startSec: 5, endSec: 6.5, score: 0.45 },
          { label: 'unknown', startSec: 5, endSec: 6.5, score: 0.4 },
        ],
      ]),
    );
    await send({ type: 'done', result: { kind: 'predict', predictions, engine: 'script' } });
  }
  process.disconnect();
}

process.on('message', (command: WorkerCommand) => {
  if (command.type === 'start') void run(command.job);
  if (command.type === 'pause') paused = true;
  if (command.type === 'resume') paused = false;
  if (command.type === 'cancel') cancelled = true;
});
process.on('disconnect', () => process.exit(0));
