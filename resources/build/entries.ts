/**
 * The plain Node processes of the program: what `npm run build` bundles for them and what has to be packed with it.
 */

/** Entry points by the folder of dist/ that they go to. */
export const NODE_ENTRIES = {
  service: 'electron/service/entry.ts',
  worker: 'electron/worker/index.ts',
  'encoder-thread': 'electron/service/engines/onnx/encoderThread.ts',
  decode: 'electron/service/media/isolate/decodeProcess.ts',
  'decode-thread': 'electron/service/media/sampling/decodeThread.ts',
} as const satisfies Readonly<Record<string, string>>;

/** Folders of dist/ that are packed for Node, beside the archive: its processes, the command line, and what `serve` gives to a browser. */
export const PACKED_BUNDLES: readonly string[] = [...Object.keys(NODE_ENTRIES), 'cli', 'renderer', 'web'];
