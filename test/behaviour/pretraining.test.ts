/** Stage 1 on generated clips: one that goes on from a checkpoint equals one that never stopped. */
import { describe, expect, it, vi } from 'vitest';
import { ENCODERS } from '#core/model/encoder/catalogue';
import type { Checkpoint, CheckpointStore } from '#core/train/environment';
import { LOOK_PRETRAINING, pretrainEncoder, SMALL_PRETRAINING } from '#core/train/pretrain';
import { openEngine } from '#service/engines/index';

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
});
