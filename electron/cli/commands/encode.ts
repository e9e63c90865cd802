/** `encode`: features of frames or of a video with any encoder. */
import type { Command } from 'commander';
import type { EngineName, FrameBatch } from '#core/compute/engine';
import { StudioError } from '#core/contract/errors';
import { planSnippets } from '#core/data/snippets';
import { readNpy, writeNpy } from '#core/model/weights/npy';
import { openEngine } from '#service/engines/index';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { sampleFrames } from '#service/media/decode/sample';
import { timingOf } from '#worker/videos';
import type { CliContext } from '#cli/context';
import { readBytes, writeWhole } from '#cli/files';
import { readEncoder } from '#cli/weightsInput';

/** Options as they come from the command line. */
export interface EncodeArguments {
  readonly frames?: string | undefined;
  readonly video?: string | undefined;
  readonly encoder: string;
  readonly architecture?: string | undefined;
  readonly snippets?: string | undefined;
  readonly side?: string | undefined;
  readonly stride: string;
  readonly out: string;
  readonly engine: string;
}

/** What was written. */
export interface EncodeResult {
  readonly out: string;
  /** [S, C] */
  readonly shape: readonly [number, number];
  readonly engine: string;
  readonly encoder: string | null;
}

/** Pixels of one call of the encoder: keeps memory low. */
const PIXELS_PER_CALL = 16 * 112 * 112 * 8;

/** Frames of an array. @throws StudioError `bad-input` */
async function framesOfArray(file: string): Promise<FrameBatch> {
  const { shape, type, data } = readNpy(await readBytes(file), file);
  const [snippets, frames, height, width, channels] = shape;
  if (
    type !== 'u1' ||
    shape.length !== 5 ||
    channels !== 3 ||
    !(data instanceof Uint8Array) ||
    data.length === 0
  ) {
    throw new StudioError(
      'bad-input',
      `${file} holds ${type} [${shape.join(', ')}]; frames are uint8 [snippets, frames, height, width, 3], RGB.`,
      { path: file },
    );
  }
  return { data, shape: [snippets!, frames!, height!, width!, 3] };
}

function wholeNumber(text: string | undefined, option: string): number {
  const value = Number(text);
  if (text === undefined || !Number.isInteger(value) || value < 1) {
    throw new StudioError('wrong-usage', `--video needs ${option}, a whole number of at least 1.`);
  }
  return value;
}

/** Frames of a video: snippets spread evenly over its length. @throws StudioError `bad-input` naming the file */
async function framesOfVideo(
  options: EncodeArguments,
  framesPerSnippet: number,
  signal: AbortSignal,
): Promise<FrameBatch> {
  const file = options.video!;
  const snippets = wholeNumber(options.snippets, '--snippets');
  const side = wholeNumber(options.side, '--side');
  const index = buildFrameIndex(file, signal);
  const strideFrames = wholeNumber(options.stride, '--stride');
  const plan = planSnippets(timingOf(index), {
    snippets,
    framesPerSnippet,
    side,
    mode: 'resize',
    strideFrames,
  });
  const data = await sampleFrames(
    file,
    index,
    { frameIndices: plan.frames, side, fit: 'square-crop' },
    { signal },
  );
  return { data, shape: [snippets, framesPerSnippet, side, side, 3] };
}

/** The engine of a name. @throws StudioError `wrong-usage` */
export function requireEngineName(name: string): EngineName | 'auto' {
  const names: readonly (EngineName | 'auto')[] = ['auto', 'onnx', 'tensorflow', 'webgpu', 'tfjs'];
  const found = names.find((each) => each === name);
  if (found === undefined)
    throw new StudioError('wrong-usage', `There is no engine “${name}”. Engines: ${names.join(', ')}.`);
  return found;
}

/** Largest divisor of a count that is at most `most`: all calls have one shape, so that graphs are made once. */
function evenChunk(count: number, most: number): number {
  for (let size = Math.min(count, Math.max(1, most)); size > 1; size -= 1)
    if (count % size === 0) return size;
  return 1;
}

/** Encodes frames and writes float32 [S, C]. @throws StudioError */
export async function runEncode(
  options: EncodeArguments,
  context: Pick<CliContext, 'progress' | 'signal'>,
): Promise<EncodeResult> {
  if ((options.frames === undefined) === (options.video === undefined)) {
    throw new StudioError('wrong-usage', 'Name either --frames F.npy or --video FILE.');
  }
  const encoder = await readEncoder(options.encoder, options.architecture);
  const frames =
    options.frames === undefined
      ? await framesOfVideo(options, encoder.spec.framesPerSnippet, context.signal)
      : await framesOfArray(options.frames);
  const [snippets, perSnippet, height, width] = frames.shape;
  const spec = { ...encoder.spec, framesPerSnippet: perSnippet };
  const engine = await openEngine(requireEngineName(options.engine));
  try {
    const session = await engine.openEncoder(spec, encoder.parameters, {
      batchNorm: 'frozen',
      constantParameters: true,
    });
    const features = new Float32Array(snippets * spec.featureChannels);
    const chunk = evenChunk(snippets, Math.floor(PIXELS_PER_CALL / (perSnippet * height * width)));
    const bytes = perSnippet * height * width * 3;
    for (let at = 0; at < snippets; at += chunk) {
      context.signal.throwIfAborted();
      const data = frames.data.subarray(at * bytes, (at + chunk) * bytes);
      features.set(
        await session.features({ data, shape: [chunk, perSnippet, height, width, 3] }),
        at * spec.featureChannels,
      );
      context.progress(`${Math.min(snippets, at + chunk)} of ${snippets} snippets`);
    }
    session.dispose();
    await writeWhole(options.out, writeNpy([snippets, spec.featureChannels], features));
    return {
      out: options.out,
      shape: [snippets, spec.featureChannels],
      engine: engine.name,
      encoder: encoder.name,
    };
  } finally {
    await engine.dispose();
  }
}

/** Adds the command. */
export function register(program: Command, context: CliContext): void {
  program
    .command('encode')
    .description('features of frames or of a video')
    .option(
      '--frames <file>',
      'uint8 [S, T, H, W, 3] as .npy: S snippets of T frames, RGB, used at the given size',
    )
    .option('--video <file>', 'a video, with --snippets and --side')
    .requiredOption(
      '--encoder <checkpoint>',
      '.pth, .pth.tar, .safetensors, a model folder, or the name of a shipped encoder',
    )
    .option('--architecture <name>', 'the encoder, where the weights fit several')
    .option('--snippets <n>', 'snippets of the video')
    .option('--side <px>', 'side of the frames taken from the video')
    .option('--stride <n>', 'frames between the frames of a snippet', '8')
    .option('--engine <name>', 'compute engine', 'auto')
    .requiredOption('--out <file>', 'float32 [S, C] as .npy')
    .option('--json', 'print what was written as JSON')
    .action(async (options: EncodeArguments & { readonly json?: boolean }) => {
      const result = await runEncode(options, context);
      context.log(`Features [${result.shape.join(', ')}] written to ${result.out}.`);
      if (options.json === true) context.out(result);
    });
}
