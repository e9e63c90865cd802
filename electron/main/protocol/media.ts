/**
 * `media://studio/…`: bytes of videos, frames and thumbnails, streamed from the service with ranges. Main resolves nothing and holds nothing: ids
 * mean something in the service alone.
 */
import { requestMedia } from '#service/process/mediaSocket';
import { webBody } from './webBody.ts';

const FORWARDED = ['range', 'if-range', 'if-none-match', 'accept'];
/** Answers without a body by definition; `Response` refuses one. */
const BODILESS = new Set([204, 304]);

/** Everything that media answers carry in the window, whatever the service said; in lower case, as Node names the service's. */
const MEDIA_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
  'access-control-expose-headers': '*',
};

/** Answers requests for media. @param socket where the service answers now @param origin of the page that may read them */
export function answerMedia(socket: () => string, origin: string): (request: Request) => Promise<Response> {
  const ownHeaders = { ...MEDIA_HEADERS, 'access-control-allow-origin': origin };
  return async (request) => {
    const url = new URL(request.url);
    if (url.host !== 'studio' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      return new Response('Not found', { status: 404, headers: ownHeaders });
    }
    const headers: Record<string, string> = {};
    for (const name of FORWARDED) {
      const value = request.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    try {
      const answer = await requestMedia(socket(), {
        method: request.method,
        path: `${url.pathname}${url.search}`,
        headers,
      });
      const kept: Record<string, string> = {};
      for (const [name, value] of Object.entries(answer.headers)) {
        if (typeof value === 'string' && name !== 'connection' && name !== 'transfer-encoding')
          kept[name] = value;
      }
      const status = answer.statusCode ?? 502;
      const hasBody = request.method === 'GET' && !BODILESS.has(status);
      if (!hasBody) answer.resume();
      const body = hasBody ? (webBody(answer) as unknown as ConstructorParameters<typeof Response>[0]) : null;
      return new Response(body, { status, headers: { ...kept, ...ownHeaders } });
    } catch {
      return new Response('The studio service is not there.', { status: 503, headers: ownHeaders });
    }
  };
}
