/**
 * From a configuration to a head.
 */
import type { Detector } from '#core/model/detector';
import { createAnchorFree } from './anchorFree.ts';
import type { DetectorConfig } from './config.ts';

/** The head that a configuration describes. */
export function buildDetector(config: DetectorConfig): Detector {
  return createAnchorFree(config);
}
