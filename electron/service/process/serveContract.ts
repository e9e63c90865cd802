/**
 * The service's side of the process border: takes numbered calls from the parent, answers with envelopes, passes events on, and ends when it is told
 * to or when the parent is gone.
 */
import process from 'node:process';
import type { Publish } from '#core/contract/events';
import { toErrorInfo } from '#core/contract/errors';
import type { Handlers } from '#core/contract/invoke';
import { callHandler } from '#core/contract/wrap';
import { listenOnMediaSocket, type MediaListener } from './mediaSocket.ts';
import type { FromService, ServiceOptions, ToService } from './messages.ts';

/** What is served: `createService` gives it. */
export interface ServedService {
  readonly handlers: Handlers;
  /** @returns a function that ends the subscription */
  readonly subscribe: (listener: Publish) => () => void;
  readonly media: MediaListener;
  readonly close: () => Promise<void>;
}

/** Reads what the shell said at the start. @throws Error when the process was started by hand */
export function readServiceOptions(env: NodeJS.ProcessEnv = process.env): ServiceOptions {
  const text = env['LOFI_SERVICE_OPTIONS'];
  if (text === undefined || process.send === undefined) {
    throw new Error(
      'This is the studio service: it is started by the desktop program or by "lofi-studio serve".',
    );
  }
  return JSON.parse(text) as ServiceOptions;
}

/**
 * Serves a service to the parent process until it says `close` or disappears.
 *
 * @param create makes the service; what it throws is told to the parent before the process ends
 */
export async function serveContract(
  options: ServiceOptions,
  create: (options: ServiceOptions) => Promise<ServedService>,
): Promise<void> {
  const send = (message: FromService): void => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
  let service: ServedService;
  let stopMedia: () => Promise<void>;
  try {
    service = await create(options);
    stopMedia = await listenOnMediaSocket(options.mediaSocket, service.media);
  } catch (error) {
    send({ type: 'failed', error: toErrorInfo(error) });
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    setTimeout(() => process.exit(1), 50);
    return;
  }
  service.subscribe((name, payload) => send({ type: 'event', name, payload }));

  let closing = false;
  const close = async (): Promise<void> => {
    if (closing) return;
    closing = true;
    try {
      await stopMedia();
      await service.close();
      process.exit(0);
    } catch (error) {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    }
  };
  process.on('message', (raw) => {
    const message = raw as ToService;
    switch (message.type) {
      case 'call':
        void callHandler(service.handlers, message.name, message.args).then((envelope) =>
          send({ type: 'reply', id: message.id, envelope }),
        );
        break;
      case 'ping':
        send({ type: 'pong', id: message.id });
        break;
      case 'close':
        void close();
        break;
    }
  });
  process.on('disconnect', () => void close());
  // A terminal sends Ctrl-C to the whole group: the parent decides when the service ends.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => void close());
  send({ type: 'ready' });
}
