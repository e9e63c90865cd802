/** Every annotation format by the name that the command line and the program use. */
import { StudioError } from '#core/contract/errors';
import { activitynet } from './activitynet.ts';
import { csv } from './csv.ts';
import type { FormatDefinition } from './format.ts';
import { charades } from './research/charades.ts';
import { epicKitchens } from './research/epicKitchens.ts';
import { fiftyone } from './research/fiftyone.ts';
import { fineaction } from './research/fineaction.ts';
import { hacs } from './research/hacs.ts';
import { mmaction2 } from './research/mmaction2.ts';
import { thumos14 } from './research/thumos14.ts';

/** All formats, in the order they are offered. */
export const FORMATS: readonly FormatDefinition[] = [
  activitynet,
  csv,
  thumos14,
  hacs,
  epicKitchens,
  charades,
  fineaction,
  mmaction2,
  fiftyone,
];

/**
 * A format by name.
 *
 * @throws StudioError `wrong-usage` that lists the names
 */
export function formatByName(name: string): FormatDefinition {
  const format = FORMATS.find((each) => each.name === name);
  if (format === undefined) {
    const names = FORMATS.map((each) => each.name).join(', ');
    throw new StudioError('wrong-usage', `There is no format “${name}”. Formats: ${names}.`);
  }
  return format;
}
