/**
 * Things kept in memory up to a number of bytes; the least recently used go first. Bound by bytes, never by counts: a frame may be
 * three megabytes or three hundred.
 */

/** A bounded store. */
export interface ByteCache<T> {
  /** The item, which counts as used now. */
  get(key: string): T | undefined;
  has(key: string): boolean;
  /** Keeps an item, even one larger than the whole store, until the next comes. */
  set(key: string, item: T, bytes: number): void;
  bytes(): number;
  clear(): void;
}

/** Makes a store. @param drop frees an item that goes */
export function createByteCache<T>(
  maxBytes: number,
  drop: (item: T) => void = () => undefined,
): ByteCache<T> {
  const items = new Map<string, { readonly item: T; readonly bytes: number }>();
  let total = 0;
  const remove = (key: string): void => {
    const one = items.get(key);
    if (one === undefined) return;
    items.delete(key);
    total -= one.bytes;
    drop(one.item);
  };
  return {
    get: (key) => {
      const one = items.get(key);
      if (one === undefined) return undefined;
      items.delete(key);
      items.set(key, one);
      return one.item;
    },
    has: (key) => items.has(key),
    set: (key, item, bytes) => {
      remove(key);
      items.set(key, { item, bytes });
      total += bytes;
      for (const oldest of items.keys()) {
        if (total <= maxBytes || oldest === key) break;
        remove(oldest);
      }
    },
    bytes: () => total,
    clear: () => {
      for (const key of [...items.keys()]) remove(key);
    },
  };
}
