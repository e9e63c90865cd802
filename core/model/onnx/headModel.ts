/** Any head as an ONNX file. */
import type { TensorMap } from '#core/compute/hostTensor';
import { assertNever } from '#core/contract/errors';
import type { DetectorConfig } from '#core/model/detectors/config';
import { anchorFreeModel } from './anchorFreeGraph.ts';
import { gtadModel } from './gtadGraph.ts';
import { tridetModel } from './tridetGraph.ts';

/** The head for sequences of `steps` steps. @throws StudioError `wrong-usage`, `bad-input` */
export function headModel(config: DetectorConfig, parameters: TensorMap, steps: number): Uint8Array {
  switch (config.name) {
    case 'anchor-free':
      return anchorFreeModel(config, parameters, steps);
    case 'tridet':
      return tridetModel(config, parameters, steps);
    case 'g-tad':
      return gtadModel(config, parameters, steps);
    default:
      return assertNever(config);
  }
}
