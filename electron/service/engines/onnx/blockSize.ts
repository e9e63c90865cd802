/** Whether this processor has ONNX Runtime's blocked convolutions, and how many channels a group has. */
import { createGraphWriter } from '#core/model/onnx/graphWriter';
import { BLOCKED_DOMAIN } from '#core/model/onnx/blocked/emit';
import { openGraph } from './runtime.ts';

let known: Promise<number | null> | null = null;

/** Channels in a group (8 or 16), or null where the runtime has no blocked convolutions. Found by reordering four channels. */
export function blockSize(): Promise<number | null> {
  known ??= probe();
  return known;
}

async function probe(): Promise<number | null> {
  const writer = createGraphWriter();
  const input = writer.input('input', 'float32', [1, 4, 1, 1]);
  const reordered = writer.node(`${BLOCKED_DOMAIN}:ReorderInput`, [input], []);
  const shape = writer.node('Shape', [reordered], [4]);
  writer.output(writer.node('Cast', [shape], [4], { to: 1 }, 'shape'));
  try {
    const { Tensor } = await import('onnxruntime-node');
    const graph = await openGraph(writer.finish(), 1);
    const { shape: sizes } = await graph.run({
      input: new Tensor('float32', new Float32Array(4), [1, 4, 1, 1]),
    });
    await graph.release();
    const channels = sizes![1]!;
    return channels > 4 ? channels : null;
  } catch {
    return null;
  }
}
