/**
 * The script that makes `window.studio` in a browser: the contract over one WebSocket that connects again by itself.
 *
 * Bundled into one classic script and put before the page's own. Calls are numbered; what has no answer is sent again after a reconnect under
 * the same number, and the shell answers it once (`relay.ts`).
 */
import { fromErrorInfo, StudioError } from '#core/contract/errors';
import type { EventMap, EventName } from '#core/contract/events';
import type { InvokeResults } from '#core/contract/invoke';
import type { Studio } from '#core/contract/studio';
import type { FromPage, ToPage } from './messages.ts';

declare const location: { readonly href: string };

interface Waiting {
  readonly name: string;
  readonly args: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const FIRST_PAUSE_MS = 150;
const LONGEST_PAUSE_MS = 3000;
/** Tries without success after which the page is told that the studio has ended; trying goes on. */
const TRIES_UNTIL_FAILED = 8;

function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** Connects to the shell that served this page. @param address of the contract's WebSocket */
export function connectStudio(address: string): Studio {
  const client = randomName();
  const waiting = new Map<number, Waiting>();
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  let nextId = 1;
  let socket: WebSocket | null = null;
  let failures = 0;

  const emit = <K extends EventName>(name: K, payload: EventMap[K]): void => {
    for (const listener of [...(listeners.get(name) ?? [])])
      (listener as (value: EventMap[K]) => void)(payload);
  };

  const send = (message: FromPage): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  const sendCall = (id: number, { name, args }: Waiting): void => {
    const acknowledged = Math.min(nextId, ...waiting.keys());
    send({ type: 'call', id, name, args, acknowledged });
  };

  const receive = (message: ToPage): void => {
    if (message.type === 'event') {
      emit(message.name, message.payload as never);
      return;
    }
    const call = waiting.get(message.id);
    if (call === undefined) return;
    waiting.delete(message.id);
    if (message.envelope.ok) call.resolve(message.envelope.result);
    else call.reject(fromErrorInfo(message.envelope.error));
  };

  const connect = (): void => {
    const own = new WebSocket(address);
    socket = own;
    own.onopen = () => {
      failures = 0;
      send({ type: 'hello', client });
      for (const [id, call] of waiting) sendCall(id, call);
    };
    own.onmessage = (event) => receive(JSON.parse(String(event.data)) as ToPage);
    own.onclose = () => {
      if (socket !== own) return;
      failures += 1;
      const ended = failures >= TRIES_UNTIL_FAILED;
      emit('service.state', {
        state: ended ? 'failed' : 'reconnecting',
        message: ended
          ? 'The studio on this machine has ended. Start it again and open the address that it prints.'
          : null,
      });
      setTimeout(connect, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)));
    };
  };
  connect();

  return {
    shell: 'browser',
    invoke: (name, args) =>
      new Promise((resolve, reject) => {
        if (socket?.readyState !== WebSocket.OPEN && failures >= TRIES_UNTIL_FAILED) {
          reject(
            new StudioError(
              'internal',
              'The studio on this machine has ended. Start it again and open the address that it prints.',
            ),
          );
          return;
        }
        const id = nextId++;
        const call: Waiting = {
          name,
          args,
          resolve: (value) => resolve(value as InvokeResults[typeof name]),
          reject,
        };
        waiting.set(id, call);
        sendCall(id, call);
      }),
    on: (name, listener) => {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set);
      set.add(listener);
      return () => set.delete(listener);
    },
  };
}

/** Address of the contract beside the page's own address. */
export function contractAddress(pageAddress: string): string {
  const url = new URL('contract', pageAddress);
  url.protocol = 'ws:';
  url.search = '';
  url.hash = '';
  return url.href;
}

if ('document' in globalThis) {
  Object.defineProperty(globalThis, 'studio', {
    value: Object.freeze(connectStudio(contractAddress(location.href))),
  });
}
