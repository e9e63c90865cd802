/**
 * Makes `small/`: the encoder that the demo starts from, pre-trained on generated clips of the source classes.
 *
 *     node resources/encoders/train-small.ts [--out FOLDER] [--seed N] [--steps N]
 *
 * Twelve minutes on two quiet cores. `demo --from-scratch` does the same before its other steps.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ENCODERS } from '#core/model/encoder/catalogue';
import { pretrainEncoder, SMALL_PRETRAINING } from '#core/train/pretrain';
import { openEngine } from '#service/engines/index';
import { saveEncoder } from '#worker/modelFolder';

const { values } = parseArgs({
  options: { out: { type: 'string' }, seed: { type: 'string' }, steps: { type: 'string' } },
});
const folder = values.out ?? fileURLToPath(new URL('small', import.meta.url));
const config = {
  ...SMALL_PRETRAINING,
  seed: Number(values.seed ?? SMALL_PRETRAINING.seed),
  steps: Number(values.steps ?? SMALL_PRETRAINING.steps),
};
const engine = await openEngine('onnx');
const began = performance.now();
const { encoder, accuracy } = await pretrainEncoder(engine, ENCODERS.small, config, {
  afterStep: async ({ step, loss }) => {
    if (step % 20 === 0) process.stderr.write(`step ${step}/${config.steps}, loss ${loss.toFixed(3)}\n`);
    await Promise.resolve();
  },
});
const about = {
  data: 'generated footage, trimmed clips of the ten source classes (core/data/footage)',
  ...config,
  accuracy,
  seconds: Math.round((performance.now() - began) / 1000),
  engine: engine.description,
};
const bytes = await saveEncoder(folder, { version: 1, kind: 'encoder', name: 'small', spec: ENCODERS.small, about }, encoder);
process.stderr.write(`${folder}: ${bytes} bytes, accuracy ${accuracy.toFixed(3)} on ${config.testClips} new clips\n`);
process.exit();
