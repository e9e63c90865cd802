import type { EncoderSpec } from '#core/model/encoderSpec';
import type { TrainConfig } from './config.ts';
export function memoryEstimate(_config: TrainConfig, _spec: EncoderSpec, _cores: number): number {
  return 1e9;
}
