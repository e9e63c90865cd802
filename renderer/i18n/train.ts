/** Words of the train screens. */
import type { Messages } from './messages.ts';

export const train = {} as const satisfies Messages;
