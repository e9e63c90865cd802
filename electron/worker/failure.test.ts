/** Failures in the words of the libraries that report them. */
import { expect, it } from 'vitest';
import { StudioError } from '#core/contract/errors';
import { describeFailure } from './failure.ts';

const full = Object.assign(new Error('write failed'), { code: 'ENOSPC' });

it.each([
  ['out-of-space', full],
  ['out-of-space', new Error('The frames could not be kept', { cause: full })],
  ['out-of-memory', new RangeError('Array buffer allocation failed')],
  ['out-of-memory', new RangeError('Invalid typed array length: 9000000000')],
  ['out-of-memory', new Error('Failed to allocate memory for requested buffer of size 1073741824')],
  ['out-of-memory', new Error('std::bad_alloc')],
  ['out-of-memory', new Error('Worker terminated due to reaching memory limit: JS heap out of memory')],
  ['engine-unavailable', new Error('Device was lost: unknown')],
  ['engine-unavailable', new Error('CUDA error: an illegal memory access was encountered')],
  ['internal', new TypeError('x is not a function')],
  ['bad-input', new StudioError('bad-input', 'v.mp4 is no video, or the disk is full')],
])('is %s', (code, error) => {
  const info = describeFailure(error);
  expect(info.code).toBe(code);
  expect(info.message.length).toBeGreaterThan(5);
});

it('keeps the reason for whoever wants to look', () => {
  expect(describeFailure(full)).toMatchObject({ detail: { reason: 'write failed' } });
});
