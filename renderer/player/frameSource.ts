/**
 * Exact frames as bitmaps: fetched from the service by index, kept within a number of bytes, neighbours fetched ahead.
 *
 * The newest wish wins: while a picture is under way, later wishes replace each other, so that scrubbing shows progress and
 * never queues up.
 */

/** A source of frames of one video. */
export interface FrameSource {
  /** The picture if it is here already. */
  peek(frame: number): ImageBitmap | undefined;
  /** Fetches a picture; `show` is called when it is here, unless a later wish has come and been served first. */
  want(frame: number, show: (bitmap: ImageBitmap, frame: number) => void): void;
  /** Fetches ahead, when nothing is wanted. */
  ahead(frames: readonly number[]): void;
  close(): void;
}

/** Memory for decoded pictures. */
const CACHE_BYTES = 256 * 1024 * 1024;

/**
 * Makes a source.
 *
 * @param urlOf address of a frame's picture
 * @param onError called at most once per failed wish
 */
export function createFrameSource(
  urlOf: (frame: number) => string,
  onError: (error: unknown) => void,
): FrameSource {
  const cache = new Map<number, ImageBitmap>();
  const flights = new Map<number, Promise<ImageBitmap | null>>();
  let bytes = 0;
  let closed = false;
  let wish: { frame: number; show: (bitmap: ImageBitmap, frame: number) => void } | null = null;
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
    const response = await fetch(urlOf(frame), { signal: abort.signal });
    if (!response.ok) {
      throw new Error(messageIn(await response.text()) ?? `${response.status} ${response.statusText}`);
    }
    const bitmap = await createImageBitmap(await response.blob());
    keep(frame, bitmap);
    return cache.get(frame) ?? null;
  }

  async function serve(): Promise<void> {
    if (serving) {
      return;
    }
    serving = true;
    while (wish !== null && !closed) {
      const now: { frame: number; show: (bitmap: ImageBitmap, frame: number) => void } = wish;
      try {
        const bitmap = touch(now.frame) ?? (await load(now.frame));
        if (bitmap !== null && !closed) {
          now.show(bitmap, now.frame);
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
    peek: touch,
    want(frame, show) {
      wish = { frame, show };
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
