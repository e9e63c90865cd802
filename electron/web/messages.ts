/**
 * What travels over the WebSocket between a page and the browser shell: the contract's calls, numbered by the page.
 *
 * A page keeps its name (`client`) when it connects again and repeats the calls it has no answer to; the shell remembers each outcome until the page
 * has acknowledged it, so a call that was answered into a broken connection is not done twice.
 */
import type { EventName } from '#core/contract/events';
import type { Envelope } from '#core/contract/wrap';

/** Page → shell. Everything below `acknowledged` has been answered. */
export type FromPage =
  | { readonly type: 'hello'; readonly client: string }
  | {
      readonly type: 'call';
      readonly id: number;
      readonly name: unknown;
      readonly args: unknown;
      readonly acknowledged: number;
    };

/** Shell → page. */
export type ToPage =
  | { readonly type: 'reply'; readonly id: number; readonly envelope: Envelope }
  | { readonly type: 'event'; readonly name: EventName; readonly payload: unknown };
