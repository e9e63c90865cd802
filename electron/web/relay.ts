/**
 * Relays the contract between pages (WebSocket) and the service: one session per page that outlives its connections, so that
 * no call is lost or done twice when a connection breaks.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { EventMap, EventName } from '#core/contract/events';
import type { Envelope } from '#core/contract/wrap';
import type { FromPage, ToPage } from './messages.ts';

/** How calls reach the service. */
export type Call = (name: unknown, args: unknown) => Promise<Envelope>;

/** Takes upgraded connections and publishes events to all pages. */
export interface Relay {
  readonly accept: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly publish: (name: EventName, payload: unknown) => void;
  readonly close: () => void;
}

interface Session {
  readonly outcomes: Map<number, Promise<Envelope>>;
  socket: WebSocket | null;
  forget: NodeJS.Timeout | null;
}

const LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024;
const FORGET_AFTER_MS = 10 * 60_000;
const MOST_SESSIONS = 64;

function parse(data: Buffer): FromPage | null {
  try {
    const message = JSON.parse(data.toString('utf8')) as Partial<Record<string, unknown>> | null;
    if (message === null || typeof message !== 'object') return null;
    if (
      message['type'] === 'hello' &&
      typeof message['client'] === 'string' &&
      message['client'].length <= 64
    ) {
      return { type: 'hello', client: message['client'] };
    }
    const { id, acknowledged } = message;
    if (message['type'] === 'call' && Number.isSafeInteger(id) && Number.isSafeInteger(acknowledged)) {
      return {
        type: 'call',
        id: id as number,
        acknowledged: acknowledged as number,
        name: message['name'],
        args: message['args'],
      };
    }
    return null;
  } catch {
    return null;
  }
}

/** Makes a relay. @param state what a new page is told first */
export function createRelay(call: Call, state: () => EventMap['service.state']): Relay {
  const server = new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE_BYTES });
  const sessions = new Map<string, Session>();

  const send = (socket: WebSocket | null, message: ToPage): void => {
    if (socket !== null && socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
  };

  const sessionOf = (client: string): Session => {
    let session = sessions.get(client);
    if (session === undefined) {
      const oldest = [...sessions].find(([, one]) => one.socket === null);
      if (sessions.size >= MOST_SESSIONS && oldest !== undefined) sessions.delete(oldest[0]);
      session = { outcomes: new Map(), socket: null, forget: null };
      sessions.set(client, session);
    }
    if (session.forget !== null) clearTimeout(session.forget);
    session.forget = null;
    return session;
  };

  const answer = (session: Session, message: Extract<FromPage, { type: 'call' }>): void => {
    for (const id of session.outcomes.keys()) if (id < message.acknowledged) session.outcomes.delete(id);
    let outcome = session.outcomes.get(message.id);
    if (outcome === undefined) {
      outcome = call(message.name, message.args);
      session.outcomes.set(message.id, outcome);
    }
    void outcome.then((envelope) => send(session.socket, { type: 'reply', id: message.id, envelope }));
  };

  const serve = (socket: WebSocket): void => {
    let session: Session | null = null;
    let client = '';
    socket.on('message', (data) => {
      const message = parse(data as Buffer);
      if (message === null) {
        socket.close(1008, 'not a message of the studio');
        return;
      }
      if (message.type === 'hello') {
        client = message.client;
        session = sessionOf(client);
        session.socket?.close(1000, 'replaced');
        session.socket = socket;
        send(socket, { type: 'event', name: 'service.state', payload: state() });
      } else if (session === null) socket.close(1008, 'hello comes first');
      else answer(session, message);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      const own = session;
      if (own === null || own.socket !== socket) return;
      own.socket = null;
      own.forget = setTimeout(() => sessions.delete(client), FORGET_AFTER_MS);
      own.forget.unref();
    });
  };

  return {
    accept: (request, socket, head) => server.handleUpgrade(request, socket, head, serve),
    publish: (name, payload) => {
      const text = JSON.stringify({ type: 'event', name, payload } satisfies ToPage);
      for (const { socket } of sessions.values()) if (socket?.readyState === socket?.OPEN) socket?.send(text);
    },
    close: () => {
      for (const { socket, forget } of sessions.values()) {
        if (forget !== null) clearTimeout(forget);
        socket?.terminate();
      }
      server.close();
    },
  };
}
