/** A decoding thread: samples one task after the other, beside the thread that computes. */
import { parentPort } from 'node:worker_threads';
import { toErrorInfo } from '#core/contract/errors';
import { sampleFramesSync } from '#service/media/decode/sample';
import type { SampleReply, SampleTask } from './messages.ts';

parentPort?.on('message', ({ id, path, index, frameIndices, side, fit }: SampleTask) => {
  const missing: number[] = [];
  let reply: SampleReply;
  try {
    const pixels = sampleFramesSync(
      path,
      index,
      { frameIndices, side, fit },
      { onMissing: (frame) => missing.push(frame) },
    );
    reply = { id, type: 'done', pixels, missing };
  } catch (error) {
    reply = { id, type: 'failed', error: toErrorInfo(error) };
  }
  parentPort?.postMessage(reply, reply.type === 'done' ? [reply.pixels.buffer as ArrayBuffer] : []);
});
