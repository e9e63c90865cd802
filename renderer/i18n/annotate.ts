/** Words of the Annotate screen: player, timeline, panels. */
import type { Messages } from './messages.ts';

export const annotate = {} as const satisfies Messages;
