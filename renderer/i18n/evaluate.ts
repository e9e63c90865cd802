/** Words of the evaluate screens. */
import type { Messages } from './messages.ts';

export const evaluate = {} as const satisfies Messages;
