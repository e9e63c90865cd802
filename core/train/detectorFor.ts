/**
 * The head that a training configuration names, for an encoder's features and a set of labels.
 */
import type { DetectorName } from '#core/model/detector';
import { anchorFreeConfig } from '#core/model/detectors/config';
import type { DetectorConfig } from '#core/model/detectors/config';
import { StudioError } from '#core/contract/errors';

/** Configuration of a head by name. */
export function detectorConfigFor(
  name: DetectorName,
  inChannels: number,
  numClasses: number,
): DetectorConfig {
  if (name === 'anchor-free') return anchorFreeConfig({ inChannels, numClasses });
  throw new StudioError('wrong-usage', `The head "${name}" cannot be trained here. Use "anchor-free".`, {
    detector: name,
  });
}
