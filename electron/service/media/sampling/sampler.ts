/**
 * Decoding beside compute: a thread that samples ahead while the caller trains on what it has, with a bounded number of results waiting.
 *
 * When decoding is the faster of the two, compute never waits; when it is not, memory stays bounded all the same.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { StudioError, fromErrorInfo } from '#core/contract/errors';
import type { FrameIndex } from '#service/media/index/frameIndex';
import type { Fit } from '#service/media/decode/picture';
import type { SampleReply, SampleTask } from './messages.ts';

/** Frames of one video. */
export interface SamplerRequest {
  readonly path: string;
  readonly index: FrameIndex;
  /** [N] presentation indices in any order. */
  readonly frameIndices: Int32Array;
  readonly side: number;
  readonly fit: Fit;
}

/** What comes back. */
export interface Sampled {
  /** uint8 RGB `[N, side, side, 3]`. */
  readonly pixels: Uint8Array;
  /** Frame numbers that the file could not give; the frame before stands in. */
  readonly missing: readonly number[];
}

/** A decoding thread with a bounded queue. */
export interface Sampler {
  /** Samples one request; requests are served in order. */
  sample(request: SamplerRequest, signal?: AbortSignal): Promise<Sampled>;
  /**
   * Samples many, in order, some ahead of the reader.
   *
   * @throws what sampling throws, when its turn comes
   */
  stream(requests: Iterable<SamplerRequest>, signal?: AbortSignal): AsyncGenerator<Sampled, void, void>;
  close(): Promise<void>;
}

function threadFile(): string {
  const source = resolve(import.meta.dirname, 'decodeThread.ts');
  return existsSync(source)
    ? source
    : resolve(import.meta.dirname, '../../../../dist/decode-thread/index.mjs');
}

/**
 * Starts a decoding thread.
 *
 * @param ahead results that may wait for the reader of a stream
 */
export function createSampler({ ahead = 2 }: { readonly ahead?: number } = {}): Sampler {
  const waiting = new Map<
    number,
    { readonly resolve: (value: Sampled) => void; readonly reject: (error: unknown) => void }
  >();
  let nextId = 1;
  let failure: StudioError | null = null;
  const worker = new Worker(threadFile());
  worker.unref();
  const fail = (error: StudioError): void => {
    failure ??= error;
    for (const one of waiting.values()) one.reject(failure);
    waiting.clear();
    worker.unref();
  };
  worker.on('message', (reply: SampleReply) => {
    const one = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if (reply.type === 'done') one?.resolve({ pixels: reply.pixels, missing: reply.missing });
    else one?.reject(fromErrorInfo(reply.error));
  });
  worker.on('error', (error: unknown) =>
    fail(new StudioError('internal', `The decoding thread ended: ${String(error)}`)),
  );
  worker.on('exit', () => fail(new StudioError('cancelled', 'The decoding thread has ended.')));

  const sample = (request: SamplerRequest, signal?: AbortSignal): Promise<Sampled> =>
    new Promise((resolvePromise, reject) => {
      if (failure !== null) {
        reject(failure);
        return;
      }
      if (signal?.aborted === true) {
        reject(new StudioError('cancelled', 'Sampling was cancelled.'));
        return;
      }
      const task: SampleTask = { id: nextId, ...request };
      nextId += 1;
      const onAbort = (): void => {
        waiting.delete(task.id);
        reject(new StudioError('cancelled', 'Sampling was cancelled.'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      const settle = <T>(act: (value: T) => void) => {
        return (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          act(value);
        };
      };
      waiting.set(task.id, { resolve: settle(resolvePromise), reject: settle(reject) });
      worker.ref();
      worker.postMessage(task);
    });

  async function* stream(
    requests: Iterable<SamplerRequest>,
    signal?: AbortSignal,
  ): AsyncGenerator<Sampled, void, void> {
    const queue: Promise<Sampled>[] = [];
    try {
      for (const request of requests) {
        const promise = sample(request, signal);
        // A failure is told when its turn comes, not before.
        promise.catch(() => undefined);
        queue.push(promise);
        if (queue.length > ahead) yield await queue.shift()!;
      }
      while (queue.length > 0) yield await queue.shift()!;
    } finally {
      queue.length = 0;
    }
  }

  return {
    sample,
    stream,
    close: async () => {
      await worker.terminate();
    },
  };
}
