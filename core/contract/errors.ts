/**
 * Errors that cross process borders: a closed set of codes, and a message for the person.
 *
 * A message says what happened, to which file, and what to do next. `detail` holds data for scripts (path, line, offset).
 */

/** Every error code there is. */
export const ERROR_CODES = [
  'wrong-usage',
  'bad-input',
  'not-found',
  'conflict',
  'read-only',
  'newer-version',
  'damaged',
  'engine-unavailable',
  'out-of-memory',
  'out-of-space',
  'cancelled',
  'not-allowed',
  'internal',
] as const;

/** Why something did not work. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** Facts about an error that scripts may use. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** The envelope that crosses processes. */
export interface ErrorInfo {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: ErrorDetail;
}

/** An error with a code from the closed set. */
export class StudioError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StudioError';
    this.code = code;
    this.detail = detail;
  }
}

/** What travels: never a stack, never a class. */
export function toErrorInfo(error: unknown): ErrorInfo {
  if (error instanceof StudioError) {
    return { code: error.code, message: error.message, detail: error.detail };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, detail: {} };
}

/** Rebuilds the error on the other side. */
export function fromErrorInfo(info: ErrorInfo): StudioError {
  return new StudioError(info.code, info.message, info.detail);
}

/** Exit codes of the command line, by error code (`cli.md`). */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'wrong-usage':
      return 2;
    case 'cancelled':
      return 130;
    case 'engine-unavailable':
    case 'out-of-memory':
      return 4;
    case 'internal':
      return 1;
    default:
      return 3;
  }
}

/** For the default branch of switches over closed unions. */
export function assertNever(value: never): never {
  throw new StudioError('internal', `Unexpected value: ${String(value)}`);
}
