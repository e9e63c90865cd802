/**
 * From a configuration to a head.
 */
import type { Detector } from '#core/model/detector';
import { assertNever } from '#core/contract/errors';
import { createAnchorFree } from './anchorFree.ts';
import type { DetectorConfig } from './config.ts';
import { createGtad } from './gtad.ts';
import { createTridet } from './tridet.ts';

/** The head that a configuration describes. */
export function buildDetector(config: DetectorConfig): Detector {
  switch (config.name) {
    case 'anchor-free':
      return createAnchorFree(config);
    case 'tridet':
      return createTridet(config);
    case 'g-tad':
      return createGtad(config);
    default:
      return assertNever(config);
  }
}
