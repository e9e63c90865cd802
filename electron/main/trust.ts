/**
 * What main trusts, as plain functions: addresses of the program's own page, links that may leave the program, requests that may be made at all.
 */

/** The page's address: an own standard scheme, so that it has an origin of its own and nothing is loaded from `file://`. */
export const APP_ORIGIN = 'app://studio';
export const APP_URL = `${APP_ORIGIN}/index.html`;
/** Prefix of media addresses. */
export const MEDIA_BASE = 'media://studio';

/** Everything that the person's browser may be asked to open. */
const EXTERNAL_LINKS: ReadonlySet<string> = new Set([
  'https://arxiv.org/abs/2103.15233',
  'https://ffmpeg.org/legal.html',
]);

/** Schemes of the requests that a page may make; everything else, the network first of all, is refused. */
const LOCAL_SCHEMES: ReadonlySet<string> = new Set([
  'app:',
  'media:',
  'blob:',
  'data:',
  'devtools:',
  'chrome-extension:',
]);

function parse(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}

/** Whether an address is the program's own page; its fragment and query may differ. */
export function isOwnPage(address: string): boolean {
  const url = parse(address);
  // Node and Chromium disagree on the origin of unknown schemes: compare the parts.
  return url !== null && url.protocol === 'app:' && url.host === 'studio' && url.pathname === '/index.html';
}

/** Whether an address is that of data which the page itself has made, such as a figure that the person saves. */
export function isOwnData(address: string): boolean {
  return address.startsWith(`blob:${APP_ORIGIN}/`);
}

/** Whether a link may be opened in the person's browser. */
export function mayOpenOutside(address: string): boolean {
  return EXTERNAL_LINKS.has(address);
}

/** Whether a page may make this request. */
export function mayRequest(address: string): boolean {
  const url = parse(address);
  return url !== null && LOCAL_SCHEMES.has(url.protocol);
}

/** A frame as Electron describes it. */
export interface FrameLike {
  readonly url: string;
  readonly parent: unknown;
}

/** Whether a message comes from the top frame of the program's own page. */
export function isTrustedFrame(frame: FrameLike | null | undefined): boolean {
  return frame !== null && frame !== undefined && frame.parent === null && isOwnPage(frame.url);
}
