/**
 * HTTP Range for files, pure: which bytes, which status, which headers. All three forms of one range (`a-b`, `a-`, `-n`); several ranges in one
 * header are answered with the whole file, as RFC 9110 section 14.2 allows.
 */

/** What to send. */
export type RangeAnswer =
  | { readonly status: 200; readonly start: 0; readonly end: number }
  /** Bytes [start, end], both included. */
  | { readonly status: 206; readonly start: number; readonly end: number }
  | { readonly status: 416 };

/**
 * Reads a Range header.
 *
 * @param header its value, or undefined where there is none
 * @param size of the file in bytes
 */
export function parseRange(header: string | undefined, size: number): RangeAnswer {
  const whole = { status: 200, start: 0, end: size - 1 } as const;
  if (header === undefined) return whole;
  const match = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header);
  if (match === null) return whole;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return whole;
  if (first === '') {
    const count = Number(last);
    if (count === 0 || size === 0) return { status: 416 };
    return { status: 206, start: Math.max(0, size - count), end: size - 1 };
  }
  const start = Number(first);
  // An end before the start makes the header invalid, and an invalid header is as good as none.
  if (last !== '' && Number(last) < start) return whole;
  if (start >= size) return { status: 416 };
  return { status: 206, start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

/** Headers of an answer, without the type. */
export function rangeHeaders(answer: RangeAnswer, size: number): Record<string, string> {
  switch (answer.status) {
    case 416:
      return { 'Accept-Ranges': 'bytes', 'Content-Range': `bytes */${size}`, 'Content-Length': '0' };
    case 206:
      return {
        'Accept-Ranges': 'bytes',
        'Content-Range': `bytes ${answer.start}-${answer.end}/${size}`,
        'Content-Length': String(answer.end - answer.start + 1),
      };
    case 200:
      return { 'Accept-Ranges': 'bytes', 'Content-Length': String(size) };
  }
}
