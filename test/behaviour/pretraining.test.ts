/** Stage 1 on generated clips: one that goes on from a checkpoint equals one that never stopped, and one that diverges says where. */
import { describe, expect, it, vi } from 'vitest';
import { ENCODERS } from '#core/model/encoder/catalogue';
import type { Checkpoint, CheckpointStore } from '#core/train/environment';
import { LOOK_PRETRAINING, pretrainEncoder, SMALL_PRETRAINING } from '#core/train/pretrain';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { runClassification, startClassification, type ClassificationConfig } from '#core/train/stage1';
import { openEngine } from '#service/engines/index';
import { referenceFrames } from '#service/engines/selftest/inputs';

// A busy machine is slow; nothing here is about time.
vi.setConfig({ testTimeout: 120_000 });

const SIZE = { steps: 4, clipsPerStep: 4, sides: [32], testClips: 8 } as const;

describe('pre-training', () => {
  it('goes on exactly', async () => {
    const engine = await openEngine('onnx');
    const config = { ...SMALL_PRETRAINING, ...SIZE };
    const straight = await pretrainEncoder(engine, ENCODERS.small, config, {
      afterStep: () => Promise.resolve(),
    });
    const kept = new Map<string, Checkpoint>();
    const checkpoints: CheckpointStore = {
      load: (name) => Promise.resolve(kept.get(name) ?? null),
      save: (name, checkpoint) => Promise.resolve(void kept.set(name, structuredClone(checkpoint))),
    };
    const stopped = pretrainEncoder(engine, ENCODERS.small, config, {
      checkpoints,
      afterStep: async ({ step }, save) => {
        await save();
        if (step === 2) throw new Error('stopped');
      },
    });
    await expect(stopped).rejects.toThrow('stopped');
    const steps: number[] = [];
    const resumed = await pretrainEncoder(engine, ENCODERS.small, config, {
      checkpoints,
      afterStep: ({ step }) => Promise.resolve(void steps.push(step)),
    });
    expect(steps).toEqual([3, 4]);
    expect(resumed).toEqual(straight);
    await engine.dispose();
  });

  it('learns looks from stills with a network of one frame', async () => {
    const engine = await openEngine('onnx');
    const spec = { ...ENCODERS.small, family: 'resnet', framesPerSnippet: 1 } as const;
    const losses: number[] = [];
    const config = { ...LOOK_PRETRAINING, ...SIZE, steps: 12, clipsPerStep: 16 };
    await pretrainEncoder(engine, spec, config, {
      afterStep: ({ loss }) => Promise.resolve(void losses.push(loss)),
    });
    expect(losses).toHaveLength(12);
    expect(losses.every(Number.isFinite)).toBe(true);
    await engine.dispose();
  });

  it('ends with the step and the layer when numbers are no longer finite', async () => {
    const engine = await openEngine('onnx');
    const spec = ENCODERS.small;
    const config: ClassificationConfig = {
      seed: 1,
      steps: 6,
      classCount: 2,
      batchNorm: 'trained',
      labelSmoothing: 0,
      optimiser: {
        kind: 'adamw',
        learningRate: 1e30,
        momentum: 0,
        weightDecay: 0,
        schedule: 'constant',
        stepEpochs: 1,
        stepFactor: 1,
        warmupEpochs: 0,
        clipNorm: null,
      },
    };
    const state = startClassification(initialiseEncoder(spec, 1), spec.featureChannels, config);
    const steps: number[] = [];
    const training = runClassification({
      engine,
      spec,
      config,
      state,
      clips: () => Promise.resolve({ frames: referenceFrames([2, 8, 32, 32]), classes: [0, 1] }),
      afterStep: ({ step }) => Promise.resolve(void steps.push(step)),
    });
    await expect(training).rejects.toThrow(
      /^Stage 1 diverged at step \d+: (the gradient of )?[\w.]+ (is not|holds a value that is not) a finite number/,
    );
    expect(steps.length).toBeLessThan(config.steps);
    await engine.dispose();
  });
});
