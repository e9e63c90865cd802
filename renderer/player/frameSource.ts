/**
 * Exact frames as bitmaps: fetched from the service by index, kept within a number of bytes, neighbours fetched ahead.
 *
 * The newest wish wins: while a picture is under way, later wishes replace each other, so that scrubbing shows progress and
 * never queues up. Where the exact frame takes a moment and the video has a copy, the copy's picture of the same frame is shown until then;
 * it is never kept.
 */

/** Draws a picture. @param exact false for the copy's picture, which the exact one follows */
export type ShowFrame = (bitmap: ImageBitmap, frame: number, exact: boolean) => void;

/** A source of frames of one video. */
export interface FrameSource {
  /** Shows a picture at once if it is here, else when it comes, unless a later wish has come and been served first. */
  want(frame: number, show: ShowFrame): void;
  /** Fetches ahead, when nothing is wanted. */
  ahead(frames: readonly number[]): void;
  close(): void;
}

/** Memory for decoded pictures. */
const CACHE_BYTES = 256 * 1024 * 1024;

/** An exact frame that is ready comes sooner than this: only after it the copy is asked. */
const COPY_AFTER_MS = 30;

/**
 * Makes a source.
 *
 * @param urlOf address of a frame's picture, or of its copy's
 * @param onError called at most once per failed wish
 * @param onCopy told whether the video has a copy, whenever that changes
 */
export function createFrameSource(
  urlOf: (frame: number, ofCopy: boolean) => string,
  onError: (error: unknown) => void,
  onCopy: (hasCopy: boolean) => void = () => undefined,
): FrameSource {
  const cache = new Map<number, ImageBitmap>();
  const flights = new Map<number, Promise<ImageBitmap | null>>();
  let bytes = 0;
  let closed = false;
  let wish: { readonly frame: number; readonly show: ShowFrame } | null = null;
  let hasCopy = false;
  let asked = false;
  /** What is under way of the copy: only the newest wish's. */
  let copyAbort: AbortController | null = null;
  let serving = false;
  let aheadList: readonly number[] = [];
  const abort = new AbortController();

  function keep(frame: number, bitmap: ImageBitmap): void {
    if (closed || cache.has(frame)) {
      bitmap.close();
      return;
    }
    cache.set(frame, bitmap);
    bytes += bitmap.width * bitmap.height * 4;
    for (const [oldest, picture] of cache) {
      if (bytes <= CACHE_BYTES || oldest === frame) {
        break;
      }
      cache.delete(oldest);
      bytes -= picture.width * picture.height * 4;
      picture.close();
    }
  }

  function touch(frame: number): ImageBitmap | undefined {
    const bitmap = cache.get(frame);
    if (bitmap !== undefined) {
      cache.delete(frame);
      cache.set(frame, bitmap);
    }
    return bitmap;
  }

  function load(frame: number): Promise<ImageBitmap | null> {
    const flying = flights.get(frame);
    if (flying !== undefined) {
      return flying;
    }
    const flight = fetchFrame(frame).finally(() => flights.delete(frame));
    flights.set(frame, flight);
    return flight;
  }

  async function fetchFrame(frame: number): Promise<ImageBitmap | null> {
    // The browser keeps answers for a while, with what they said of the copy then: the first one is asked anew.
    const mode: RequestCache = asked ? 'default' : 'reload';
    asked = true;
    const response = await fetch(urlOf(frame, false), { signal: abort.signal, cache: mode });
    if (!response.ok) {
      throw new Error(messageIn(await response.text()) ?? `${response.status} ${response.statusText}`);
    }
    setCopy(hasCopy || response.headers.get('X-Proxy') === 'ready');
    const bitmap = await createImageBitmap(await response.blob());
    keep(frame, bitmap);
    return cache.get(frame) ?? null;
  }

  function setCopy(ready: boolean): void {
    if (ready !== hasCopy && !closed) {
      hasCopy = ready;
      onCopy(ready);
    }
  }

  /** Shows the copy's picture where the exact one is not here soon. Failing, it leaves everything to the exact one. */
  async function standIn(now: { readonly frame: number; readonly show: ShowFrame }): Promise<void> {
    copyAbort?.abort();
    const own = new AbortController();
    copyAbort = own;
    const isLate = (): boolean => closed || own.signal.aborted || wish !== now || cache.has(now.frame);
    await new Promise((resolve) => setTimeout(resolve, COPY_AFTER_MS));
    if (isLate()) {
      return;
    }
    try {
      const response = await fetch(urlOf(now.frame, true), { signal: own.signal });
      if (!response.ok) {
        setCopy(hasCopy && response.status !== 404);
        return;
      }
      const bitmap = await createImageBitmap(await response.blob());
      if (!isLate()) {
        now.show(bitmap, now.frame, false);
      }
      bitmap.close();
    } catch {
      // Aborted, or the service is away: the exact picture's error is the one to tell.
    }
  }

  async function serve(): Promise<void> {
    if (serving) {
      return;
    }
    serving = true;
    while (wish !== null && !closed) {
      const now: { readonly frame: number; readonly show: ShowFrame } = wish;
      try {
        const bitmap = touch(now.frame) ?? (await load(now.frame));
        if (bitmap !== null && !closed && wish !== null) {
          now.show(bitmap, now.frame, true);
        }
      } catch (error) {
        if (!closed) {
          onError(error);
        }
      }
      if (wish === now) {
        wish = null;
      }
    }
    serving = false;
    void fetchAhead();
  }

  async function fetchAhead(): Promise<void> {
    const list = aheadList;
    for (const frame of list) {
      if (closed || wish !== null || list !== aheadList) {
        return;
      }
      if (!cache.has(frame)) {
        await load(frame).catch(() => null);
      }
    }
  }

  return {
    want(frame, show) {
      const here = touch(frame);
      if (here !== undefined) {
        // What is still under way must not be drawn over it.
        wish = null;
        copyAbort?.abort();
        show(here, frame, true);
        return;
      }
      wish = { frame, show };
      if (hasCopy) {
        void standIn(wish);
      }
      void serve();
    },
    ahead(frames) {
      aheadList = frames;
      if (!serving) {
        void fetchAhead();
      }
    },
    close() {
      closed = true;
      abort.abort();
      copyAbort?.abort();
      for (const bitmap of cache.values()) {
        bitmap.close();
      }
      cache.clear();
    },
  };
}

/** The service's words in an answer that is not a picture; null when there are none. */
function messageIn(body: string): string | null {
  try {
    const answer: unknown = JSON.parse(body);
    if (
      typeof answer === 'object' &&
      answer !== null &&
      'message' in answer &&
      typeof answer.message === 'string'
    ) {
      return answer.message;
    }
    return null;
  } catch {
    return null;
  }
}
