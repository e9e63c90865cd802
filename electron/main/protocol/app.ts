/**
 * `app://studio/…`: the built page from the program's archive, known types only, with the headers that isolate it.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Sent with every file of the page. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' media: blob: data:; " +
    "media-src 'self' media: blob:; connect-src 'self' media:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/**
 * The file that an address names.
 *
 * @returns null for other hosts, unknown types and whatever would lie outside the folder
 */
export function fileOfAddress(
  folder: string,
  address: string,
): { readonly file: string; readonly type: string } | null {
  let below: string;
  try {
    const url = new URL(address);
    if (url.protocol !== 'app:' || url.host !== 'studio') return null;
    below = decodeURIComponent(url.pathname === '/' ? '/index.html' : url.pathname);
  } catch {
    return null;
  }
  const type = TYPES[path.extname(below)];
  const file = path.join(folder, below);
  const outside = !file.startsWith(folder + path.sep);
  return type === undefined || outside || below.includes('\0') ? null : { file, type };
}

/** Answers requests for the page's files below `folder`. @param origin the page's own */
export function answerApp(folder: string, origin: string): (request: Request) => Promise<Response> {
  return async ({ url, method }) => {
    const found = method === 'GET' ? fileOfAddress(folder, url) : null;
    const bytes = found === null ? null : await readFile(found.file).catch(() => null);
    if (found === null || bytes === null)
      return new Response('Not found', { status: 404, headers: PAGE_HEADERS });
    return new Response(new Uint8Array(bytes), {
      status: 200,
      headers: { ...PAGE_HEADERS, 'Content-Type': found.type, 'Access-Control-Allow-Origin': origin },
    });
  };
}
