/** `model inspect` and `model convert`: what a checkpoint is, and the same weights in another form. */
import process from 'node:process';
import type { Command } from 'commander';
import { StudioError } from '#core/contract/errors';
import { constantFeaturesModel } from '#core/model/onnx/models';
import { headModel } from '#core/model/onnx/headModel';
import { buildEncoderLayers } from '#core/model/encoder/builders';
import { toSafetensors, toTorchFile } from '#core/model/weights/checkpointFile';
import type { CheckpointReport } from '#core/model/weights/inspect';
import { inspectCheckpoint } from '#core/model/weights/inspect';
import type { PublishedWeights } from '#core/model/weights/published';
import type { CliContext } from '#cli/context';
import { writeWhole } from '#cli/files';
import { published, registerImport } from './modelImport.ts';
import { readCard, readCheckpoint, readEncoder, readHead } from '#cli/weightsInput';

/** What `model inspect` prints: the checkpoint, and the card of a model of this program. */
export interface InspectReport extends CheckpointReport {
  readonly path: string;
  readonly bytes: number;
  readonly card: Readonly<Record<string, unknown>> | null;
}

/** Describes a checkpoint. @throws StudioError `not-found`, `bad-input` */
export async function runInspect(source: string): Promise<InspectReport> {
  const { file, checkpoint } = await readCheckpoint(source);
  const bytes = [...checkpoint.tensors.values()].reduce((sum, tensor) => sum + tensor.bytes.length, 0);
  return { path: file, bytes, card: await readCard(file), ...inspectCheckpoint(checkpoint) };
}

/** Options of `model convert`; the sizes are for ONNX. */
export interface ConvertModelArguments {
  readonly architecture?: string | undefined;
  /** `encoder` (default) or `head`. */
  readonly part?: string | undefined;
  /** Feature steps of the head. */
  readonly steps?: string | undefined;
  readonly snippets: string;
  readonly frames: string;
  readonly side: string;
}

/** What was written. */
export interface ConvertModelResult {
  readonly out: string;
  readonly form: 'safetensors' | 'pth' | 'onnx';
  readonly bytes: number;
  readonly tensors: number;
  /** Tensors of the input that the output does not hold, e.g. an optimiser's. */
  readonly left: number;
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new StudioError('wrong-usage', `${option} takes a whole number of at least 1; got “${text}”.`);
  }
  return value;
}

/** An encoder or a head as ONNX with constant weights. @throws StudioError */
async function writeOnnx(
  source: string,
  out: string,
  options: ConvertModelArguments,
): Promise<ConvertModelResult> {
  const part = options.part ?? 'encoder';
  if (part !== 'encoder' && part !== 'head') {
    throw new StudioError('wrong-usage', `--part takes encoder or head; got “${part}”.`);
  }
  if (part === 'head') {
    const { config, parameters } = await readHead(source);
    const bytes = headModel(config, parameters, wholeNumber(options.steps ?? '', '--steps'));
    await writeWhole(out, bytes);
    return { out, form: 'onnx', bytes: bytes.length, tensors: Object.keys(parameters).length, left: 0 };
  }
  const { spec, parameters } = await readEncoder(source, options.architecture);
  const side = wholeNumber(options.side, '--side');
  const frames = wholeNumber(options.frames, '--frames');
  const shape = { snippets: wholeNumber(options.snippets, '--snippets'), frames, height: side, width: side };
  const bytes = constantFeaturesModel(
    buildEncoderLayers({ ...spec, framesPerSnippet: frames }),
    shape,
    parameters,
  );
  await writeWhole(out, bytes);
  return { out, form: 'onnx', bytes: bytes.length, tensors: Object.keys(parameters).length, left: 0 };
}

/** Converts a checkpoint; the output's extension says to what. @throws StudioError */
export async function runConvertModel(
  source: string,
  out: string,
  options: ConvertModelArguments,
): Promise<ConvertModelResult> {
  const lower = out.toLowerCase();
  if (lower.endsWith('.onnx')) return writeOnnx(source, out, options);
  const { checkpoint } = await readCheckpoint(source);
  const counts = { out, tensors: checkpoint.tensors.size, left: checkpoint.otherTensors };
  if (lower.endsWith('.safetensors')) {
    const bytes = toSafetensors(checkpoint);
    await writeWhole(out, bytes);
    return { ...counts, form: 'safetensors', bytes: bytes.length };
  }
  if (/\.(?:pth|pt|pth\.tar)$/.test(lower)) {
    const bytes = toTorchFile(checkpoint);
    await writeWhole(out, bytes);
    return { ...counts, form: 'pth', bytes: bytes.length };
  }
  throw new StudioError(
    'wrong-usage',
    `${out}: the ending says what to write: .safetensors, .pth, .pth.tar or .onnx.`,
    { path: out },
  );
}

function summarise(report: InspectReport): string {
  const what =
    report.kind === 'unknown'
      ? 'weights of an unknown kind'
      : report.kind === 'g-tad'
        ? `G-TAD, ${report.variant} branch, ${report.featureChannels} feature channels`
        : `${report.kind} ${report.encoder} with ${report.source} names`;
  const gaps = report.complete
    ? 'every tensor is accounted for'
    : `${report.missing.length} missing, ${report.unexpected.length} unexpected, ${report.misshaped.length} of another shape`;
  return `${report.path}: ${what}; ${report.tensorCount} tensors, ${report.parameterCount} numbers; ${gaps}.`;
}

function publishedText({
  encoder,
  name,
  trainedOn,
  url,
  sizeMebibytes,
  sha256Prefix,
}: PublishedWeights): string {
  const size = sizeMebibytes === null ? 'size not published' : `${sizeMebibytes} MiB`;
  const hash = sha256Prefix === null ? 'hash not published' : `SHA-256 ${sha256Prefix}…`;
  return `${encoder}: ${name}, ${trainedOn}; ${size}, ${hash}\n  ${url}`;
}

/** Adds the commands. */
export function register(program: Command, context: CliContext): void {
  const model = program
    .command('model')
    .description('checkpoints: what they are, and the same weights in another form');
  model
    .command('inspect <checkpoint>')
    .description('what a checkpoint (.pth, .pth.tar, .safetensors, model folder) is; nothing in it is run')
    .option('--json', 'every tensor, as JSON')
    .action(async (checkpoint: string, options: { readonly json?: boolean }) => {
      const report = await runInspect(checkpoint);
      if (options.json === true) context.out(report);
      else process.stdout.write(`${summarise(report)}\n`);
    });
  model
    .command('convert <input> <output>')
    .description('.pth or .pth.tar ↔ .safetensors under the same names, and an encoder as .onnx')
    .option('--architecture <name>', 'for .onnx: the encoder, where the weights fit several')
    .option('--part <part>', 'for .onnx: encoder or head', 'encoder')
    .option('--steps <n>', 'for .onnx of a head: feature steps')
    .option('--snippets <n>', 'for .onnx: snippets of one call', '1')
    .option('--frames <n>', 'for .onnx: frames of a snippet', '8')
    .option('--side <px>', 'for .onnx: side of a frame', '224')
    .option('--json', 'print what was written as JSON')
    .action(
      async (input: string, output: string, options: ConvertModelArguments & { readonly json?: boolean }) => {
        const result = await runConvertModel(input, output, options);
        if (result.left > 0)
          context.log(`${result.left} tensors outside the weights (an optimiser's) were left out.`);
        context.log(`${result.tensors} tensors written to ${result.out}.`);
        if (options.json === true) context.out(result);
      },
    );
  model
    .command('published')
    .description('where published weights are to be found, with size and hash; nothing is fetched')
    .option('--json', 'as JSON')
    .action((options: { readonly json?: boolean }) => {
      if (options.json === true) context.out(published());
      else for (const each of published()) process.stdout.write(`${publishedText(each)}\n`);
    });
  registerImport(model, context);
}
