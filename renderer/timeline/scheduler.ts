/**
 * One frame scheduler: many reasons to paint, one `requestAnimationFrame`.
 */

/** Paints what was asked for, once per frame of the screen. */
export interface FrameScheduler<Part extends string> {
  /** Marks parts for the next frame. */
  request(...parts: readonly Part[]): void;
  stop(): void;
}

/** Makes a scheduler; `paint` gets the parts that were marked since the last frame. */
export function createScheduler<Part extends string>(
  paint: (parts: ReadonlySet<Part>) => void,
): FrameScheduler<Part> {
  let handle = 0;
  let parts = new Set<Part>();
  return {
    request(...wanted) {
      for (const part of wanted) {
        parts.add(part);
      }
      if (handle === 0) {
        handle = requestAnimationFrame(() => {
          handle = 0;
          const now = parts;
          parts = new Set();
          paint(now);
        });
      }
    },
    stop() {
      cancelAnimationFrame(handle);
      handle = 0;
    },
  };
}
