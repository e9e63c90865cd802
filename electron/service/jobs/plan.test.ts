import { describe, expect, it } from 'vitest';
import type { TrainRequest } from '#core/contract/invoke';
import { ENCODERS } from '#core/model/encoder/catalogue';
import type { EncoderName } from '#core/model/encoder/catalogue';
import type { TrainConfig } from '#core/train/config';
import { planTraining } from './plan.ts';

function planned(name: EncoderName, request: Partial<TrainRequest> = {}): TrainConfig['lofi'] {
  const material = {
    segmentsSec: [2, 3, 4],
    videos: [{ durationSec: 60, framesPerSecond: 25, side: 240, isTraining: true }],
  };
  const free = { seconds: () => null, memoryBytes: () => 0 };
  const full: TrainRequest = {
    aim: 'balanced',
    timeLimitSec: null,
    memoryLimitBytes: null,
    parentModelId: null,
    expert: {},
    ...request,
  };
  return planTraining(full, null, free, material, ENCODERS[name]).config.lofi;
}

describe('learning rates of stage 2', () => {
  it('are the demo’s for the shipped encoder, and all of it learns', () => {
    const { encoder, windowEncoderLearningRate, encoderRates, frozenPrefixes } = planned('small');
    expect(frozenPrefixes).toEqual([]);
    expect([encoder.learningRate, windowEncoderLearningRate]).toEqual([1e-3, 6e-4]);
    expect(encoderRates).toBeUndefined();
  });

  it.each(['tsm-resnet18', 'resnet50', 'r2plus1d-18'] as const)('are small for %s', (name) => {
    const { encoder, windowEncoderLearningRate, frozenPrefixes } = planned(name);
    expect([encoder.learningRate, windowEncoderLearningRate]).toEqual([2e-4, 2e-4]);
    expect(frozenPrefixes).toEqual(['conv1', 'bn1', 'layer1.']);
    expect(Math.max(...planned(name, { aim: 'accuracy' }).encoderRates!)).toBeLessThan(5e-4);
  });

  it('are searched for accuracy, and what a person sets stays', () => {
    expect(planned('small', { aim: 'accuracy' }).encoderRates).toEqual([5e-4, 1e-3]);
    const expert = { 'lofi.encoder.learningRate': 3e-4 };
    expect(planned('small', { expert }).encoder.learningRate).toBe(3e-4);
  });
});
