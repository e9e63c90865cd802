/**
 * The local socket over which a shell fetches bytes (video ranges, frames, thumbnails) from the service: plain HTTP on a Unix socket or a
 * named pipe. No port is opened, nothing is buffered whole, and a request that is dropped closes the file behind it.
 */
import { randomBytes } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

/** Answers one media request; the address is below the shell's media prefix and starts with a slash. */
export type MediaListener = (request: http.IncomingMessage, response: http.ServerResponse) => void;

/** A Unix socket's path holds at most 107 bytes on Linux and 103 on macOS. */
const LONGEST_SOCKET_PATH = 100;

/** A new, unguessable address: inside `dataDir` where the path is short enough, else in the system's folder for temporary files. */
export function newMediaSocket(dataDir: string): string {
  const name = `media-${randomBytes(8).toString('hex')}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\lofi-studio-${name}`;
  const own = path.join(dataDir, name);
  return Buffer.byteLength(own) <= LONGEST_SOCKET_PATH ? own : path.join(os.tmpdir(), `lofi-${name}`);
}

/** Listens on the socket, for this user alone. @returns a function that stops and removes it */
export async function listenOnMediaSocket(
  socket: string,
  listener: MediaListener,
): Promise<() => Promise<void>> {
  const server = http.createServer({ keepAliveTimeout: 30_000 }, listener);
  await rm(socket, { force: true }).catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socket, resolve);
  });
  if (process.platform !== 'win32') await chmod(socket, 0o600);
  return async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    if (process.platform !== 'win32') await rm(socket, { force: true });
  };
}

/** What a shell asks for. */
export interface MediaRequest {
  readonly method: string;
  /** Below the media prefix, with a leading slash and its query. */
  readonly path: string;
  readonly headers: http.OutgoingHttpHeaders;
  /** Ends the request and closes the file behind it. */
  readonly signal?: AbortSignal;
}

/** Asks the service. @returns the answer with its body as a stream. @throws when the service is not there */
export function requestMedia(socket: string, request: MediaRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = http.request(
      {
        socketPath: socket,
        method: request.method,
        path: request.path,
        headers: request.headers,
        agent: false,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      },
      resolve,
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}
