/**
 * Checkpoints of any kind as named tensors and plain facts: where the weights stand inside, and what stands beside them.
 *
 * Training programs wrap their weights (`state_dict` in TSM, G-TAD and MMAction2, `model` in torchvision's references). Tensors outside
 * (an optimiser's) are counted, so that nothing is passed over in silence.
 */
import { StudioError } from '#core/contract/errors';
import type { StoredTensors } from './storedTensor.ts';
import { looksLikeSafetensors, readSafetensors, writeSafetensors } from './safetensors.ts';
import type { CheckpointValue } from './torchFile.ts';
import { isStoredTensor, readTorchFile } from './torchFile.ts';
import type { WritableCheckpoint } from './torchWriter.ts';
import { writeTorchFile } from './torchWriter.ts';

/** A plain fact beside the weights: `epoch`, `arch`, `best_prec1`. */
export type CheckpointFact = string | number | boolean | null;

/** The weights of a file and what stands beside them. */
export interface CheckpointFile {
  readonly form: 'zip' | 'legacy' | 'safetensors';
  /** Key of the dictionary that holds the weights; empty when the file is that dictionary. */
  readonly wrapper: string;
  readonly tensors: StoredTensors;
  readonly facts: Readonly<Record<string, CheckpointFact>>;
  /** Tensors that stand elsewhere in the file, e.g. an optimiser's state. */
  readonly otherTensors: number;
}

const WRAPPERS = [
  'state_dict',
  'model_state_dict',
  'state_dict_ema',
  'model',
  'net',
  'weights',
  'ema',
] as const;
/** How safetensors remember what `.pth` had around the weights. */
const FACTS_KEY = 'facts';
const WRAPPER_KEY = 'wrapper';
/** safetensors’ own note of the framework. */
const FORMAT_KEY = 'format';

/**
 * Reads `.pth`, `.pth.tar`, `.pt` or `.safetensors`, told apart by content.
 *
 * @throws StudioError `bad-input` when it would run code, is damaged, something else, or holds no weights
 */
export function readCheckpointFile(bytes: Uint8Array, file: string): CheckpointFile {
  if (looksLikeSafetensors(bytes)) return fromSafetensors(bytes, file);
  const { form, root } = readTorchFile(bytes, file);
  const { wrapper, dict } = findWeights(root, file);
  const tensors: StoredTensors = new Map();
  collectTensors(dict, '', tensors);
  const all: StoredTensors = new Map();
  collectTensors(root, '', all);
  const facts: Record<string, CheckpointFact> = {};
  if (root instanceof Map && wrapper !== '') {
    for (const [key, value] of root) {
      if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
        facts[key] = value as CheckpointFact;
      else if (isStoredTensor(value) && value.shape.length === 0) facts[key] = scalarOf(value);
    }
  }
  const scalars =
    root instanceof Map && wrapper !== ''
      ? [...root.values()].filter((each) => isStoredTensor(each) && each.shape.length === 0).length
      : 0;
  return { form, wrapper, tensors, facts, otherTensors: all.size - tensors.size - scalars };
}

function fromSafetensors(bytes: Uint8Array, file: string): CheckpointFile {
  const { tensors, metadata } = readSafetensors(bytes, file);
  let facts: Record<string, CheckpointFact> = {};
  try {
    facts = JSON.parse(metadata[FACTS_KEY] ?? '{}') as Record<string, CheckpointFact>;
  } catch {
    facts = {};
  }
  const others = Object.fromEntries(
    Object.entries(metadata).filter(([key]) => ![FACTS_KEY, WRAPPER_KEY, FORMAT_KEY].includes(key)),
  );
  const wrapper = metadata[WRAPPER_KEY] ?? '';
  return { form: 'safetensors', wrapper, tensors, facts: { ...others, ...facts }, otherTensors: 0 };
}

function scalarOf({ type, bytes }: { readonly type: string; readonly bytes: Uint8Array }): CheckpointFact {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 'F32') return view.getFloat32(0, true);
  if (type === 'F64') return view.getFloat64(0, true);
  return type === 'I64' ? Number(view.getBigInt64(0, true)) : null;
}

function findWeights(root: CheckpointValue, file: string): { wrapper: string; dict: CheckpointValue } {
  if (root instanceof Map) {
    for (const wrapper of WRAPPERS) {
      const inner = root.get(wrapper);
      if (inner instanceof Map && holdsTensors(inner)) return { wrapper, dict: inner };
    }
    if (holdsTensors(root)) return { wrapper: '', dict: root };
  }
  throw new StudioError(
    'bad-input',
    `${file} holds no weights: a state_dict (names with tensors) was expected. Save model.state_dict() with torch.save.`,
    { path: file },
  );
}

function holdsTensors(dict: ReadonlyMap<string, CheckpointValue>): boolean {
  return [...dict.values()].some((value) => isStoredTensor(value));
}

function collectTensors(value: CheckpointValue, path: string, into: StoredTensors): void {
  const below = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
  if (value instanceof Map) value.forEach((item, key) => collectTensors(item, below(key), into));
  else if (Array.isArray(value)) value.forEach((item, index) => collectTensors(item, below(index), into));
  else if (isStoredTensor(value)) into.set(path, value);
}

/** The same weights as safetensors, names unchanged; what stood around them goes into the metadata. */
export function toSafetensors(checkpoint: CheckpointFile): Uint8Array {
  return writeSafetensors(checkpoint.tensors, {
    [FORMAT_KEY]: 'pt',
    ...(checkpoint.wrapper === '' ? {} : { [WRAPPER_KEY]: checkpoint.wrapper }),
    ...(Object.keys(checkpoint.facts).length === 0 ? {} : { [FACTS_KEY]: JSON.stringify(checkpoint.facts) }),
  });
}

/** The same weights as `.pth` (ZIP form), names unchanged, wrapped as they were. */
export function toTorchFile(checkpoint: CheckpointFile): Uint8Array {
  if (checkpoint.wrapper === '') return writeTorchFile(checkpoint.tensors);
  return writeTorchFile(
    new Map<string, WritableCheckpoint>([
      ...Object.entries(checkpoint.facts),
      [checkpoint.wrapper, checkpoint.tensors],
    ]),
  );
}
