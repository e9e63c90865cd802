/**
 * What a job's failure means to a person: libraries report want of memory, a full disk or a lost device in their own words, and only those
 * words tell which it was.
 */
import { StudioError, toErrorInfo, type ErrorInfo } from '#core/contract/errors';

const MEMORY =
  /out of memory|failed to allocate|allocation failed|bad[_ ]alloc|cannot (?:allocate|enlarge) memory|not enough memory|memory limit|invalid (?:typed )?array(?: buffer)? length|enomem|\boom\b/i;
const DISK = /enospc|edquot|no space left|disk is full/i;
const DEVICE =
  /device (?:was |is )?lost|context lost|lost device|cuda(?:nn)? error|cudnn|device_removed|gpu process/i;

/** The texts of an error and of what caused it. */
function textsOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error) || depth > 5) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return `${error.name} ${code} ${error.message} ${error.cause === undefined ? '' : textsOf(error.cause, depth + 1)}`;
}

/** An error as a job's end: with a code that a remedy can be found for, and words. */
export function describeFailure(error: unknown): ErrorInfo {
  const info = toErrorInfo(error);
  if (info.code !== 'internal') return info;
  const text = textsOf(error);
  const detail = { ...info.detail, reason: info.message };
  const described = (code: ErrorInfo['code'], message: string): ErrorInfo =>
    toErrorInfo(new StudioError(code, message, detail));
  if (DISK.test(text)) {
    return described('out-of-space', 'The disk is full. Free some space and resume the job.');
  }
  if (MEMORY.test(text)) {
    return described(
      'out-of-memory',
      'There was not enough memory. Train at a smaller fidelity, or close other programs.',
    );
  }
  if (DEVICE.test(text)) {
    return described(
      'engine-unavailable',
      `The graphics device went away (${info.message}). Resume the job; if it happens again, choose another engine in the settings.`,
    );
  }
  return info;
}
