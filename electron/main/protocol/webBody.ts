/**
 * A Node stream as the body of an answer: one piece at a time, as fast as the reader takes them. When the reader leaves, as it does on every seek,
 * the stream is destroyed, and with it the file behind it. (Node's own `Readable.toWeb` may close twice then: nodejs/node#54205.)
 */
import type { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';

/** @param source paused; it is read only when the reader asks */
export function webBody(source: Readable): ReadableStream<Uint8Array> {
  let over = false;
  const finish = (last: () => void): void => {
    if (over) return;
    over = true;
    last();
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        source.on('data', (chunk: Buffer) => {
          if (over) return;
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
          if ((controller.desiredSize ?? 0) <= 0) source.pause();
        });
        source.on('end', () => finish(() => controller.close()));
        source.on('error', (error) => finish(() => controller.error(error)));
        source.on('close', () => finish(() => controller.error(new Error('The source was closed.'))));
        source.pause();
      },
      pull: () => {
        source.resume();
      },
      cancel: () => {
        over = true;
        source.destroy();
      },
    },
    { highWaterMark: 2 },
  );
}
