/**
 * The encoder on all cores by sharing out snippets: one thread and one single-threaded session for each core.
 *
 * Snippets do not see each other while batch norm is frozen, so this is exact. It is also faster than ONNX Runtime's own threads, which meet
 * after every operator: these small networks gained 1.3 times from a second core that way, and lost on a busy machine.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { chunksOf, sliceFrames } from '#core/compute/chunked';
import type {
  EncoderGradients,
  EncoderSession,
  EncoderSessionOptions,
  FrameBatch,
} from '#core/compute/engine';
import { addAndRelease, type TensorMap } from '#core/compute/hostTensor';
import { fromErrorInfo, StudioError } from '#core/contract/errors';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { checkEncoderParameters } from '#core/model/encoder/initialise';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { createBlockedMemory } from '#core/model/onnx/blocked/memory';
import { createBlockedSession } from './blockedEncoder.ts';
import type { BlockedRunner } from './blockedRunner.ts';
import { blockSize } from './blockSize.ts';
import { describeBlocked } from './encoderSession.ts';
import type { CallName, OpenCall, ThreadMessage, ThreadReply } from './encoderThread.ts';

interface Thread {
  call(session: number, call: CallName, ...parameters: readonly unknown[]): Promise<unknown>;
  stop(): Promise<void>;
}

/** Threads of one engine; sessions share them. */
export interface EncoderThreads {
  open(spec: EncoderSpec, parameters: TensorMap, options: EncoderSessionOptions): Promise<EncoderSession>;
  stop(): Promise<void>;
}

/** The thread's program: in a checkout the source itself, in a packed program its bundle; null where neither is there. */
export function encoderThreadFile(): string | null {
  const source = resolve(import.meta.dirname, 'encoderThread.ts');
  const bundle = resolve(import.meta.dirname, '../../../../dist/encoder-thread/index.mjs');
  return [source, bundle].find((file) => existsSync(file)) ?? null;
}

function startThread(file: string): Thread {
  const worker = new Worker(file);
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let next = 0;
  let stopping = false;
  // An idle thread must not hold the program open; one that owes an answer, or its own end, must.
  worker.unref();
  const settle = (): void => {
    if (waiting.size === 0 && !stopping) worker.unref();
  };
  worker.on('message', ({ id, value, error }: ThreadReply) => {
    const call = waiting.get(id);
    waiting.delete(id);
    settle();
    if (error === undefined) call?.resolve(value);
    else call?.reject(fromErrorInfo(error));
  });
  const fail = (error: unknown): void => {
    for (const call of waiting.values()) call.reject(error);
    waiting.clear();
  };
  worker.on('error', fail);
  worker.on('exit', () =>
    fail(new StudioError('internal', 'A thread of the encoder ended unexpectedly. Start the job again.')),
  );
  return {
    call: (session, call, ...parameters) => {
      const id = next;
      next += 1;
      const pending = Promise.withResolvers<unknown>();
      // Some answers nobody waits for; that a thread was stopped before it gave them must not end the program.
      pending.promise.catch(() => undefined);
      waiting.set(id, pending);
      worker.ref();
      const message: ThreadMessage = { id, session, call, parameters };
      worker.postMessage(message);
      return pending.promise;
    },
    stop: async () => {
      stopping = true;
      await worker.terminate();
    },
  };
}

/** A slice that owns its memory: only its bytes travel. */
function ownSlice(frames: FrameBatch, start: number, count: number): FrameBatch {
  const slice = sliceFrames(frames, start, count);
  return { data: new Uint8Array(slice.data), shape: slice.shape };
}

/** Makes threads ready; they start with the first session. */
export function createEncoderThreads(count: number, file: string): EncoderThreads {
  let threads: Thread[] = [];
  let nextSession = 0;
  return {
    open: async (spec, parameters, options) => {
      if (threads.length === 0) threads = Array.from({ length: count }, () => startThread(file));
      const session = nextSession;
      nextSession += 1;
      const started = threads;
      const encoder = buildEncoderLayers(spec);
      checkEncoderParameters(encoder.parameters, parameters);
      const openAll = (call: (part: number) => OpenCall) =>
        Promise.all(started.map((thread, part) => thread.call(session, 'open', call(part))));
      const block = encoder.spatialRank === 2 ? await blockSize() : null;
      if (block === null) {
        await openAll(() => ({ kind: 'plain', spec, parameters, options }));
        return createSession(started, session, spec);
      }
      const blocked = describeBlocked(spec, options, block);
      const memory = createBlockedMemory(blocked, started.length);
      await openAll((part) => ({ kind: 'blocked', spec, options, block, memory, part }));
      const runners = started.map((thread) => threadRunner(thread, session));
      return createBlockedSession(spec, blocked, memory, runners, parameters);
    },
    stop: async () => {
      await Promise.all(threads.map((thread) => thread.stop()));
      threads = [];
    },
  };
}

/** A runner that lives in a thread. */
function threadRunner(thread: Thread, session: number): BlockedRunner {
  const call =
    <T>(name: keyof BlockedRunner) =>
    (...parameters: readonly unknown[]): Promise<T> =>
      thread.call(session, name, ...parameters) as Promise<T>;
  return {
    prepare: call('prepare'),
    features: call('features'),
    gradients: call('gradients'),
    forward: call('forward'),
    backward: call('backward'),
    collect: call('collect'),
    dispose: call('dispose'),
  };
}

function createSession(threads: readonly Thread[], session: number, spec: EncoderSpec): EncoderSession {
  const channels = spec.featureChannels;
  const expected = buildEncoderLayers(spec).parameters;
  const partsOf = (frames: FrameBatch) =>
    chunksOf(frames.shape[0], Math.ceil(frames.shape[0] / threads.length));

  const features = async (frames: FrameBatch): Promise<Float32Array> => {
    const result = new Float32Array(frames.shape[0] * channels);
    await Promise.all(
      partsOf(frames).map(async ({ start, count }, index) => {
        const found = await threads[index]!.call(session, 'features', ownSlice(frames, start, count));
        result.set(found as Float32Array, start * channels);
      }),
    );
    return result;
  };

  const gradients = async (frames: FrameBatch, dFeatures: Float32Array): Promise<EncoderGradients> => {
    const result = new Float32Array(frames.shape[0] * channels);
    const parts = await Promise.all(
      partsOf(frames).map(async ({ start, count }, index) => {
        const share = dFeatures.slice(start * channels, (start + count) * channels);
        const own = ownSlice(frames, start, count);
        const part = (await threads[index]!.call(session, 'gradients', own, share)) as EncoderGradients;
        result.set(part.features, start * channels);
        return part.gradients;
      }),
    );
    // Always added in the same order: the same numbers every time.
    const [sums = {}, ...others] = parts;
    for (const other of others) addAndRelease(sums, other);
    return { gradients: sums, features: result };
  };

  return {
    spec,
    setParameters: (parameters) => {
      checkEncoderParameters(expected, parameters);
      for (const thread of threads) void thread.call(session, 'setParameters', parameters);
    },
    features,
    gradients,
    step: async (frames, head) => gradients(frames, await head(await features(frames))),
    dispose: () => {
      for (const thread of threads) void thread.call(session, 'dispose').catch(() => undefined);
    },
  };
}
