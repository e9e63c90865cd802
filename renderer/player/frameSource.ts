/**
 * Exact frames as bitmaps: fetched from the service by index, kept within a number of bytes, neighbours fetched ahead.
 *
 * The newest wish wins: while a picture is under way, later wishes replace each other, so that scrubbing shows progress and
 * never queues up. Frames that may be wished for next are fetched one by one as `likely`, which the service puts off for any other, and given up at once
 * for a wish. Where the exact frame takes a moment and the video has a copy, the copy's picture of the same frame is shown until then;
 * it is never kept.
 */

/** Draws a picture. @param exact false for the copy's picture, which the exact one follows */
export type ShowFrame = (bitmap: ImageBitmap, frame: number, exact: boolean) => void;

/** Which picture of a frame. */
export type PictureKind = 'exact' | 'likely' | 'copy';

/** A source of frames of one video. */
export interface FrameSource {
  /** Shows a picture at once if it is here, else when it comes, unless a later wish has come and been served first. */
  want(frame: number, show: ShowFrame): void;
  /** Fetches ahead while nothing is wanted, as far as there is room; another list takes the place of the one before. */
  ahead(frames: readonly number[]): void;
  /** A copy has been made. */
  copyMade(): void;
  close(): void;
}

/** Memory for decoded pictures. */
const CACHE_BYTES = 256 * 1024 * 1024;
/** As much of it is used for frames that may never be wished for. */
const AHEAD_BYTES = CACHE_BYTES / 2;

/**
 * Only after so long the copy is asked, too. An exact frame that is ready is here within 9 ms; later than needed, the copy's picture only comes later,
 * and the exact one no sooner (`bench media-frame`, `bench timeline`).
 */
const COPY_AFTER_MS = 15;

/**
 * Makes a source.
 *
 * @param urlOf address of a frame's picture: the exact one, the same when nobody waits for it yet, or its copy's
 * @param onError called at most once per failed wish
 * @param onCopy told whether the video has a copy, whenever that changes
 */
export function createFrameSource(
  urlOf: (frame: number, kind: PictureKind) => string,
  onError: (error: unknown) => void,
  onCopy: (hasCopy: boolean) => void = () => undefined,
): FrameSource {
  const cached = new Map<number, ImageBitmap>();
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
  /** The frame that is being fetched ahead. */
  let aheadFlight: {
    readonly frame: number;
    readonly abort: AbortController;
    readonly done: Promise<ImageBitmap | null>;
  } | null = null;
  const abort = new AbortController();

  function keep(frame: number, bitmap: ImageBitmap): void {
    if (closed || cached.has(frame)) {
      bitmap.close();
      return;
    }
    cached.set(frame, bitmap);
    bytes += bitmap.width * bitmap.height * 4;
    for (const [oldest, picture] of cached) {
      if (bytes <= CACHE_BYTES || oldest === frame) {
        break;
      }
      cached.delete(oldest);
      bytes -= picture.width * picture.height * 4;
      picture.close();
    }
  }

  function touch(frame: number): ImageBitmap | undefined {
    const bitmap = cached.get(frame);
    if (bitmap !== undefined) {
      cached.delete(frame);
      cached.set(frame, bitmap);
    }
    return bitmap;
  }

  function load(frame: number): Promise<ImageBitmap | null> {
    const flying = flights.get(frame);
    if (flying !== undefined) {
      return flying;
    }
    const flight = fetchFrame(frame, 'exact', abort.signal).finally(() => flights.delete(frame));
    flights.set(frame, flight);
    return flight;
  }

  async function fetchFrame(
    frame: number,
    kind: PictureKind,
    signal: AbortSignal,
  ): Promise<ImageBitmap | null> {
    // The browser keeps answers for a while, with what they said of the copy then: the first one is asked anew.
    const cache: RequestCache = asked ? 'default' : 'reload';
    asked = true;
    const response = await fetch(urlOf(frame, kind), { signal, cache });
    if (!response.ok) {
      throw new Error(messageIn(await response.text()) ?? `${response.status} ${response.statusText}`);
    }
    setCopy(hasCopy || response.headers.get('X-Proxy') === 'ready');
    const bitmap = await createImageBitmap(await response.blob());
    keep(frame, bitmap);
    return cached.get(frame) ?? null;
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
    const isLate = (): boolean => closed || own.signal.aborted || wish !== now || cached.has(now.frame);
    await new Promise((resolve) => setTimeout(resolve, COPY_AFTER_MS));
    if (isLate()) {
      return;
    }
    try {
      const response = await fetch(urlOf(now.frame, 'copy'), { signal: own.signal });
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
    let room = AHEAD_BYTES;
    for (const frame of list) {
      if (closed || wish !== null || list !== aheadList || room <= 0) {
        return;
      }
      const here = cached.get(frame) ?? (await fetchLikely(frame));
      room -= here === null ? 0 : here.width * here.height * 4;
    }
  }

  /** A frame that nobody waits for; null where it was given up or cannot be had. */
  function fetchLikely(frame: number): Promise<ImageBitmap | null> {
    if (aheadFlight?.frame === frame && !aheadFlight.abort.signal.aborted) {
      return aheadFlight.done;
    }
    // The service gives up one for the next anyway; given up here, nobody complains of its answer.
    aheadFlight?.abort.abort();
    const own = new AbortController();
    const done = fetchFrame(frame, 'likely', own.signal)
      .catch(() => null)
      .finally(() => {
        if (aheadFlight?.abort === own) {
          aheadFlight = null;
        }
      });
    aheadFlight = { frame, abort: own, done };
    return done;
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
      aheadFlight?.abort.abort();
      wish = { frame, show };
      if (hasCopy) {
        void standIn(wish);
      }
      void serve();
    },
    ahead(frames) {
      aheadList = frames;
      if (aheadFlight !== null && !frames.includes(aheadFlight.frame)) {
        aheadFlight.abort.abort();
      }
      if (!serving) {
        void fetchAhead();
      }
    },
    copyMade() {
      setCopy(true);
    },
    close() {
      closed = true;
      abort.abort();
      aheadFlight?.abort.abort();
      copyAbort?.abort();
      for (const bitmap of cached.values()) {
        bitmap.close();
      }
      cached.clear();
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
