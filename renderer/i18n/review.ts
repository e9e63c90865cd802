/** Words of the Review screen. */
import type { Messages } from './messages.ts';

export const review = {} as const satisfies Messages;
