/**
 * The head that a training configuration names, for an encoder's features and a set of labels.
 */
import type { DetectorName } from '#core/model/detector';
import { detectorConfig } from '#core/model/detectors/config';
import type { DetectorConfig } from '#core/model/detectors/config';

/** Configuration of a head by name. */
export function detectorConfigFor(
  name: DetectorName,
  inChannels: number,
  numClasses: number,
): DetectorConfig {
  return detectorConfig(name, { inChannels, numClasses });
}
