/**
 * The browser shell: one loopback HTTP server for the built page, the media and the contract over WebSocket. The renderer does not notice
 * the difference from the desktop program.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { StudioError } from '#core/contract/errors';
import type { EventMap, EventName } from '#core/contract/events';
import type { Envelope } from '#core/contract/wrap';
import { requestMedia } from '#service/process/mediaSocket';
import { createRelay } from './relay.ts';
import { isOwnHost, isOwnOrigin, pathBelowToken, SECURITY_HEADERS } from './security.ts';
import { readStaticFile } from './staticFiles.ts';

/** What the server stands on. */
export interface WebShellOptions {
  readonly token: string;
  /** 0: any free port. */
  readonly port: number;
  /** The built page. */
  readonly rendererDir: string;
  /** Text of the script that makes `window.studio` (`client.ts`, bundled). */
  readonly clientScript: string;
  readonly call: (name: unknown, args: unknown) => Promise<Envelope>;
  readonly state: () => EventMap['service.state'];
  readonly mediaSocket: () => string;
}

/** A running server. */
export interface WebShell {
  readonly url: string;
  readonly publish: (name: EventName, payload: unknown) => void;
  readonly close: () => Promise<void>;
}

const FORWARDED_REQUEST_HEADERS = ['range', 'if-range', 'if-none-match', 'accept'];

const readable = (request: http.IncomingMessage): boolean =>
  request.method === 'GET' || request.method === 'HEAD';

/** Starts the server on 127.0.0.1. @throws StudioError `conflict` when the port is taken */
export async function startWebShell(options: WebShellOptions): Promise<WebShell> {
  const relay = createRelay(options.call, options.state);

  const refuse = (response: http.ServerResponse, status: number): void => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.writeHead(status, { ...SECURITY_HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(`${http.STATUS_CODES[status] ?? 'Error'}\n`);
  };

  const sendMedia = async (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    below: string,
  ): Promise<void> => {
    const aborted = new AbortController();
    response.on('close', () => aborted.abort());
    const headers: http.OutgoingHttpHeaders = {};
    for (const name of FORWARDED_REQUEST_HEADERS) {
      const value = request.headers[name];
      if (value !== undefined) headers[name] = value;
    }
    const answer = await requestMedia(options.mediaSocket(), {
      method: request.method ?? 'GET',
      path: below,
      headers,
      signal: aborted.signal,
    });
    const kept = { ...answer.headers };
    delete kept.connection;
    delete kept['transfer-encoding'];
    const own = Object.fromEntries(
      Object.entries(SECURITY_HEADERS).map(([name, value]) => [name.toLowerCase(), value]),
    );
    response.writeHead(answer.statusCode ?? 502, { ...kept, ...own });
    pipeline(answer, response, () => undefined);
  };

  const sendFile = async (
    request: http.IncomingMessage,
    response: http.ServerResponse,
    below: string,
  ): Promise<void> => {
    const isClient = below === '/shell.js';
    let file = isClient
      ? { type: 'text/javascript; charset=utf-8', bytes: Buffer.from(options.clientScript) }
      : await readStaticFile(options.rendererDir, below);
    if (file === null) {
      refuse(response, 404);
      return;
    }
    if (file.type.startsWith('text/html')) {
      const html = file.bytes.toString('utf8').replace('<head>', '<head><script src="./shell.js"></script>');
      file = { ...file, bytes: Buffer.from(html) };
    }
    const lasting = below.startsWith('/assets/');
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'Content-Type': file.type,
      'Content-Length': file.bytes.length,
      'Cache-Control': lasting ? 'private, max-age=31536000, immutable' : 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  };

  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (!isOwnHost(request.headers.host) || !isOwnOrigin(request.headers, false)) {
      refuse(response, 403);
      return;
    }
    const below = pathBelowToken(url.pathname, options.token);
    if (below === null) refuse(response, 404);
    else if (!readable(request)) refuse(response, 405);
    else if (below === '') {
      response.writeHead(308, { ...SECURITY_HEADERS, Location: `/${options.token}/` });
      response.end();
    } else if (below.startsWith('/media/')) {
      sendMedia(request, response, `${below.slice('/media'.length)}${url.search}`).catch(() =>
        refuse(response, 502),
      );
    } else sendFile(request, response, below).catch(() => refuse(response, 500));
  });

  server.on('upgrade', (request: http.IncomingMessage, socket, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const allowed =
      isOwnHost(request.headers.host) &&
      isOwnOrigin(request.headers, true) &&
      pathBelowToken(url.pathname, options.token) === '/contract';
    if (allowed) relay.accept(request, socket, head);
    else socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new StudioError(
              'conflict',
              `Port ${options.port} is taken. Leave --port out to take any free one.`,
            )
          : error,
      ),
    );
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}/${options.token}/`,
    publish: relay.publish,
    close: async () => {
      relay.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
