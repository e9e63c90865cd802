/**
 * One thread of the parallel encoder (`parallelEncoder.ts`): sessions of its own, on one core, answering numbered calls in order.
 */
import { parentPort } from 'node:worker_threads';
import type { EncoderSession, EncoderSessionOptions, FrameBatch } from '#core/compute/engine';
import type { TensorMap } from '#core/compute/hostTensor';
import { toErrorInfo } from '#core/contract/errors';
import type { ErrorInfo } from '#core/contract/errors';
import type { EncoderSpec } from '#core/model/encoderSpec';
import { openOnnxEncoder } from './encoderSession.ts';

/** What a thread is asked. */
export type ThreadCall =
  | {
      readonly call: 'open';
      readonly spec: EncoderSpec;
      readonly parameters: TensorMap;
      readonly options: EncoderSessionOptions;
    }
  | { readonly call: 'setParameters'; readonly parameters: TensorMap }
  | { readonly call: 'features'; readonly frames: FrameBatch }
  | { readonly call: 'gradients'; readonly frames: FrameBatch; readonly dFeatures: Float32Array }
  | { readonly call: 'dispose' };

/** A call on its way. */
export interface ThreadMessage {
  readonly id: number;
  readonly session: number;
  readonly body: ThreadCall;
}

/** The answer to a call. */
export interface ThreadReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: ErrorInfo;
}

const sessions = new Map<number, EncoderSession>();

async function answer(session: number, body: ThreadCall): Promise<unknown> {
  if (body.call === 'open') {
    sessions.set(session, await openOnnxEncoder(body.spec, body.parameters, body.options));
    return null;
  }
  const encoder = sessions.get(session);
  switch (body.call) {
    case 'setParameters':
      encoder?.setParameters(body.parameters);
      return null;
    case 'features':
      return encoder?.features(body.frames);
    case 'gradients':
      return encoder?.gradients(body.frames, body.dFeatures);
    case 'dispose':
      encoder?.dispose();
      sessions.delete(session);
      return null;
  }
}

/** Buffers of an answer's numbers, to be handed over instead of copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (value instanceof Float32Array) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(buffersOf);
}

let queue: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, session, body }: ThreadMessage) => {
  queue = queue.then(async () => {
    let reply: ThreadReply;
    try {
      reply = { id, value: await answer(session, body) };
    } catch (error) {
      reply = { id, error: toErrorInfo(error) };
    }
    parentPort?.postMessage(reply, buffersOf(reply.value));
  });
});
