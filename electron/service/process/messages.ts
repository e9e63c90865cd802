/**
 * What travels between a shell and the service's process: numbered calls, envelopes, events. One JSON message each, over Node's own channel
 * between parent and child, so that neither shell needs a port for it. Bulk data travels over the local media socket (`mediaSocket.ts`).
 */
import type { Envelope } from '#core/contract/wrap';
import type { ErrorInfo } from '#core/contract/errors';
import type { EventName } from '#core/contract/events';

/** What a service process is told at its start, as JSON in `LOFI_SERVICE_OPTIONS`. */
export interface ServiceOptions {
  /** Settings, recent projects and logs lie here. */
  readonly dataDir: string;
  readonly shell: 'desktop' | 'browser';
  /** Prefix of media addresses as the page sees them. */
  readonly mediaBase: string;
  /** Local socket (or named pipe) on which the service answers media requests. */
  readonly mediaSocket: string;
}

/** Shell → service. */
export type ToService =
  | { readonly type: 'call'; readonly id: number; readonly name: unknown; readonly args: unknown }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'close' };

/** Service → shell. */
export type FromService =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly error: ErrorInfo }
  | { readonly type: 'reply'; readonly id: number; readonly envelope: Envelope }
  | { readonly type: 'pong'; readonly id: number }
  | { readonly type: 'event'; readonly name: EventName; readonly payload: unknown };
