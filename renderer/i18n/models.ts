/** Words of the models screens. */
import type { Messages } from './messages.ts';

export const models = {} as const satisfies Messages;
