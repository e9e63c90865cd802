/**
 * Who may talk to the loopback server: only pages that it served itself, at an address that nobody can guess.
 *
 * Against DNS rebinding the Host header must name this machine's loopback; against other pages the Origin, where there is one, must be the
 * server's own; against other users of the machine the path begins with a random token.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** A fresh token: 192 random bits that need no escaping in an address. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/** Whether the Host header names this machine; the port may be another one (an SSH tunnel). */
export function isOwnHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_HOSTS.has(host.replace(/:\d+$/, '').toLowerCase());
}

/** Whether a request comes from a page of this server, or (for plain requests) from no page at all. */
export function isOwnOrigin(headers: IncomingHttpHeaders, needed: boolean): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return !needed && headers['sec-fetch-site'] !== 'cross-site';
  return host !== undefined && origin === `http://${host}`;
}

/**
 * Takes the token off an address's path.
 *
 * @returns the rest with its leading slash; null when the token is not the right one
 */
export function pathBelowToken(pathname: string, token: string): string | null {
  const given = Buffer.from(pathname.slice(1, 1 + token.length));
  const right = Buffer.from(token);
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
  const rest = pathname.slice(1 + token.length);
  return rest === '' || rest.startsWith('/') ? rest : null;
}

/** Sent with every page and file. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; media-src 'self' blob:; " +
    "connect-src 'self' ws:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=()',
};
