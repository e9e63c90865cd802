/**
 * Answers media requests by opaque id: video bytes with Range, exact frames, thumbnails, peaks, frame tables. The same for the desktop's
 * `media://` and the browser's `/media/`: shells only carry the answer.
 *
 * Ids are looked up, never joined to a path; only regular files that begin like a video are sent; types come from a short list; nothing is sniffed.
 */
import { open, readFile, realpath, stat, type FileHandle } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { StudioError, toErrorInfo, type ErrorCode } from '#core/contract/errors';
import { curveHeadBytes } from '#core/infer/curveFile';
import type { StillFormat } from '#service/media/derive/images';
import { changedFile } from '#service/media/file/relink';
import type { MediaService } from '#service/media/service';
import { HEAD_BYTES, looksLikeVideo } from './containerHead.ts';
import { parseRange, rangeHeaders } from './range.ts';

/** A request as every shell can state it. */
export interface MediaRequest {
  /** `GET` or `HEAD`. */
  readonly method: string;
  /** Below the media prefix, with a leading slash: `/frame/ID/12.png`. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Aborted when nobody waits any more. */
  readonly signal?: AbortSignal;
}

/** An answer as every shell can carry it. */
export interface MediaResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for HEAD and for answers without a body. */
  readonly body: Buffer | Readable | null;
}

/** Answers requests. */
export type MediaResponder = (request: MediaRequest) => Promise<MediaResponse>;

/** The file behind an id. */
export interface ServedVideo {
  readonly path: string;
  /** Of the content that labels were made on: a file with another one is refused. Null where any content will do. */
  readonly contentHash: string | null;
}

/** What the responder needs to know. */
export interface ResponderOptions {
  /** The file behind an id, or null. */
  readonly resolve: (id: string) => ServedVideo | null | Promise<ServedVideo | null>;
  readonly media: MediaService;
  /** The file with a video's score curves by a model, or null. */
  readonly curves?: (videoId: string, modelId: string) => string | null;
  /** Told how long the decoding of an exact frame took. */
  readonly onFrame?: (id: string, tookMs: number) => void;
}

/** The only types that are ever sent as video. */
const VIDEO_TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.mov': 'video/mp4',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
  '.avi': 'video/x-msvideo',
  '.ts': 'video/mp2t',
  '.mts': 'video/mp2t',
  '.m2ts': 'video/mp2t',
  '.mpg': 'video/mpeg',
  '.mpeg': 'video/mpeg',
  '.ogv': 'video/ogg',
  '.gif': 'image/gif',
};

const STILL_TYPES: Readonly<Record<StillFormat, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  bmp: 'image/bmp',
  rgba: 'application/octet-stream',
};

const ALWAYS = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; sandbox",
} as const;

const STATUS: Partial<Record<ErrorCode, number>> = {
  'wrong-usage': 400,
  'bad-input': 422,
  damaged: 422,
  'not-found': 404,
  cancelled: 499,
  'out-of-memory': 507,
};

const CHUNK = 256 * 1024;

/** A stretch of an open file as a stream; the handle is closed at the end, on error and when nobody reads any more. */
function streamOf(file: FileHandle, start: number, end: number, signal: AbortSignal | undefined): Readable {
  let at = start;
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    signal?.removeEventListener('abort', onAbort);
    await file.close().catch(() => undefined);
  };
  const stream = new Readable({
    highWaterMark: CHUNK,
    read() {
      const length = Math.min(CHUNK, end - at + 1);
      if (length <= 0) {
        this.push(null);
        return;
      }
      file.read(Buffer.allocUnsafe(length), 0, length, at).then(
        ({ bytesRead, buffer }) => {
          at += bytesRead;
          this.push(bytesRead > 0 ? buffer.subarray(0, bytesRead) : null);
        },
        (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    },
    destroy(error, callback) {
      void close().then(() => callback(error));
    },
  });
  const onAbort = (): void => {
    stream.destroy();
  };
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  return stream;
}

async function sendFile(path: string, request: MediaRequest): Promise<MediaResponse> {
  const type = VIDEO_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream';
  const real = await realpath(path);
  const file = await open(real, 'r');
  let kept = false;
  try {
    const { size, mtimeMs } = await file.stat();
    const isVideo = async (): Promise<boolean> => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return looksLikeVideo(buffer.subarray(0, bytesRead));
    };
    if (!(await stat(real)).isFile() || (size > 0 && !(await isVideo())))
      throw new StudioError('not-found', 'There is no such video.');
    const range = request.headers['range'];
    const answer = parseRange(typeof range === 'string' ? range : undefined, size);
    const headers = {
      ...ALWAYS,
      ...rangeHeaders(answer, size),
      'Content-Type': type,
      'Cache-Control': 'no-cache',
      ETag: `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`,
    };
    if (answer.status === 416 || request.method === 'HEAD' || size === 0)
      return { status: answer.status, headers, body: null };
    kept = true;
    return { status: answer.status, headers, body: streamOf(file, answer.start, answer.end, request.signal) };
  } finally {
    if (!kept) await file.close();
  }
}

/** Frame numbers in a question, `12,34`; none where it is not that, because they only advise. */
const frameList = (text: string | null): number[] =>
  text === null || !/^\d{1,9}(,\d{1,9}){0,15}$/.test(text) ? [] : text.split(',').map(Number);

const wholeNumber = (text: string | undefined): number => {
  if (text === undefined || !/^\d{1,9}$/.test(text))
    throw new StudioError('not-found', 'There is no such address.');
  return Number(text);
};

/**
 * Makes a responder. Addresses:
 * `/video/ID` (the file, with Range), `/proxy/ID` (its proxy), `/frame/ID/N.png|jpg|bmp|rgba` (`?w=&h=` shrinks; `?from=proxy` the proxy's picture;
 * `?likely&at=N` when nobody waits for it yet and frame N is shown, `?also=N,M` what may follow; `X-Frame-Source` says which it is, `X-Proxy` whether there is a proxy, `Server-Timing` how long it took, 0 where it
 * was there), `/thumbs/ID/DENSITY/N.jpg`,
 * `/thumbs/ID/DENSITY/layout.json`, `/peaks/ID/LEVEL`, `/index/ID`, `/curves/ID/MODEL` (float32 [series, count], as `predictions.curves` tells).
 */
export function createMediaResponder({ resolve, media, curves, onFrame }: ResponderOptions): MediaResponder {
  const bytes = (
    request: MediaRequest,
    type: string,
    data: Uint8Array,
    extra: Record<string, string> = {},
  ): MediaResponse => ({
    status: 200,
    headers: {
      ...ALWAYS,
      'Content-Type': type,
      'Content-Length': String(data.length),
      'Cache-Control': 'private, max-age=3600',
      ...extra,
    },
    body: request.method === 'HEAD' ? null : Buffer.from(data.buffer, data.byteOffset, data.length),
  });
  const options = (request: MediaRequest): { signal?: AbortSignal } =>
    request.signal === undefined ? {} : { signal: request.signal };

  const answer = async (request: MediaRequest): Promise<MediaResponse> => {
    const url = new URL(request.path, 'http://media');
    const [kind = '', rawId = '', first, second, ...more] = url.pathname.slice(1).split('/');
    let id: string;
    try {
      id = decodeURIComponent(rawId);
    } catch {
      throw new StudioError('not-found', 'There is no such address.');
    }
    const tooMany = more.length > 0 || (first !== undefined && ['video', 'proxy', 'index'].includes(kind));
    const video = id === '' || tooMany ? null : await resolve(id);
    if (video === null) throw new StudioError('not-found', 'There is no such video.');
    // Curves are the project's own: they are there while the video is elsewhere.
    if (kind === 'curves') {
      const file = curves?.(id, first ?? '') ?? null;
      if (file === null || second !== undefined)
        throw new StudioError('not-found', 'There is no such address.');
      const data = await readFile(file);
      return bytes(request, 'application/octet-stream', data.subarray(curveHeadBytes(data)), {
        'Cache-Control': 'no-cache',
      });
    }
    const { path } = video;
    await stat(path);
    if (video.contentHash !== null && (await media.contentHash(path)) !== video.contentHash)
      throw changedFile(path);
    switch (kind) {
      case 'video':
        return sendFile(path, request);
      case 'proxy': {
        const proxy = await media.existingProxy(path);
        if (proxy === null) throw new StudioError('not-found', 'This video has no proxy.');
        return sendFile(proxy, request);
      }
      case 'frame': {
        const match = /^(\d{1,9})\.(png|jpg|bmp|rgba)$/.exec(first ?? '');
        if (match === null) throw new StudioError('not-found', 'There is no such address.');
        const format = match[2] as StillFormat;
        const from = url.searchParams.get('from') === 'proxy' ? 'proxy' : 'source';
        const likely = url.searchParams.has('likely');
        const [at] = frameList(url.searchParams.get('at'));
        const still = await media.frame(path, Number(match[1]), {
          ...(at === undefined ? {} : { at }),
          also: frameList(url.searchParams.get('also')),
          format,
          from,
          likely,
          maxWidth: Number(url.searchParams.get('w') ?? 0) || 0,
          maxHeight: Number(url.searchParams.get('h') ?? 0) || 0,
          ...options(request),
        });
        if (from === 'source' && !likely) onFrame?.(id, still.tookMs);
        return bytes(request, STILL_TYPES[format], still.data, {
          'X-Frame-Pts': String(still.pts),
          'X-Frame-Size': `${still.width}x${still.height}`,
          'X-Frame-Source': from,
          'Server-Timing': `decode;dur=${still.tookMs.toFixed(1)}`,
          'X-Proxy': from === 'proxy' || (await media.existingProxy(path)) !== null ? 'ready' : 'none',
          ...(from === 'proxy' ? { 'Cache-Control': 'no-store' } : {}),
        });
      }
      case 'thumbs': {
        const density = Number(first);
        if (second === 'layout.json') {
          const layout = await media.thumbnailLayout(path, density, options(request));
          return bytes(request, 'application/json', Buffer.from(JSON.stringify(layout)));
        }
        const sheet = wholeNumber(/^(\d+)\.jpg$/.exec(second ?? '')?.[1]);
        const { layout, data } = await media.thumbnails(path, density, sheet, options(request));
        return bytes(request, 'image/jpeg', data, {
          'X-Sheet': `${layout.tileWidth}x${layout.tileHeight}x${layout.columns}`,
        });
      }
      case 'peaks':
        return bytes(
          request,
          'application/octet-stream',
          await media.peaks(path, wholeNumber(first), options(request)),
        );
      case 'index':
        return bytes(request, 'application/octet-stream', await media.indexBytes(path, options(request)), {
          'Cache-Control': 'no-cache',
        });
      default:
        throw new StudioError('not-found', 'There is no such address.');
    }
  };

  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { status: 405, headers: { ...ALWAYS, Allow: 'GET, HEAD', 'Content-Length': '0' }, body: null };
    }
    try {
      return await answer(request);
    } catch (error) {
      const missing =
        error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
      const info = missing
        ? { code: 'not-found' as const, message: 'The file is not there any more.', detail: {} }
        : toErrorInfo(error);
      const text = Buffer.from(JSON.stringify({ code: info.code, message: info.message }));
      return {
        status: STATUS[info.code] ?? 500,
        headers: {
          ...ALWAYS,
          'Content-Type': 'application/json',
          'Content-Length': String(text.length),
          'Cache-Control': 'no-store',
        },
        body: request.method === 'HEAD' ? null : text,
      };
    }
  };
}

/** A responder as a listener of Node's HTTP servers; ends the work when the connection closes. */
export function mediaListener(
  respond: MediaResponder,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const aborted = new AbortController();
    response.on('close', () => aborted.abort());
    void respond({
      method: request.method ?? 'GET',
      path: request.url ?? '/',
      headers: request.headers,
      signal: aborted.signal,
    }).then(({ status, headers, body }) => {
      if (response.destroyed) {
        if (body instanceof Readable) body.destroy();
        return;
      }
      response.writeHead(status, headers);
      if (!(body instanceof Readable)) {
        response.end(body ?? undefined);
        return;
      }
      body.on('error', () => response.destroy());
      body.pipe(response);
    });
  };
}
