/**
 * Reads PyTorch checkpoints (`.pth`, `.pt`, `.pth.tar`) without running them.
 *
 * Two forms: ZIP (`torch.save` since 1.6: `data.pkl` beside one file per storage) and legacy (three pickles of magic number, version and
 * system, the pickle, then the storages). torch `serialization.py`, `_utils.py`. Every storage must be there with the bytes that it claims,
 * every tensor must lie inside its storage.
 */
import { StudioError } from '#core/contract/errors';
import type { PickleHooks } from './pickle.ts';
import { readPickle } from './pickle.ts';
import type { PickleValue } from './pickleValues.ts';
import { isGlobal, isHost, isTuple } from './pickleValues.ts';
import type { DataType, StoredTensor } from './storedTensor.ts';
import { elementCount, itemSize } from './storedTensor.ts';
import { looksLikeZip, readZipDirectory, readZipEntry } from './zip.ts';

/** A storage: the numbers that tensors look into. */
interface Storage {
  readonly key: string;
  readonly type: DataType;
  readonly count: number;
  bytes: Uint8Array | undefined;
}

/** A tensor of a checkpoint before its storage is known. */
interface TensorView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** What a checkpoint holds, as plain data: dictionaries as maps, tensors as `StoredTensor`. */
export type CheckpointValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | StoredTensor
  | CheckpointValue[]
  | Map<string, CheckpointValue>;

/** A checkpoint. */
export interface TorchFile {
  readonly form: 'zip' | 'legacy';
  readonly root: CheckpointValue;
}

const LEGACY_MAGIC = 119547037146038801333356n;
const LEGACY_PROTOCOL = 1001;

const STORAGE_TYPES: Readonly<Record<string, DataType>> = {
  DoubleStorage: 'F64',
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
  UntypedStorage: 'U8',
};

/** Globals that become tensors, dictionaries or numbers here. */
const CALLS = new Set([
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
  'torch.nn.parameter.Parameter',
  'collections.OrderedDict',
  'collections.defaultdict',
  'collections.Counter',
  'builtins.dict',
  'builtins.list',
  'builtins.set',
  'builtins.frozenset',
  'builtins.int',
  'builtins.float',
  'builtins.bytearray',
  'builtins.complex',
  'torch.Size',
  'torch.device',
  '_codecs.encode',
  'numpy.dtype',
  'numpy.core.multiarray.scalar',
  'numpy._core.multiarray.scalar',
  'numpy.core.multiarray._reconstruct',
  'numpy._core.multiarray._reconstruct',
  'numpy.ndarray',
]);

/** Classes that training programs leave in checkpoints beside the weights; kept as their parts, which nothing looks at. */
const PLAIN_CLASSES = new Set([
  'argparse.Namespace',
  'types.SimpleNamespace',
  'pathlib.PosixPath',
  'pathlib.WindowsPath',
  'datetime.datetime',
  'datetime.timedelta',
  'mmengine.logging.history_buffer.HistoryBuffer',
  'mmengine.config.config.ConfigDict',
  'mmcv.utils.config.ConfigDict',
  'addict.addict.Dict',
]);

const TORCH_CONSTANT =
  /^torch\.(?:float(?:16|32|64)?|double|half|bfloat16|u?int(?:8|16|32|64)?|long|short|bool|strided|contiguous_format)$/;
const TORCH_STORAGE = /^torch\.(?:cuda\.|storage\.)?([A-Za-z0-9]+Storage)$/;

function knows(global: string): boolean {
  const storage = TORCH_STORAGE.exec(global)?.[1];
  if (storage !== undefined) return storage in STORAGE_TYPES;
  return CALLS.has(global) || PLAIN_CLASSES.has(global) || TORCH_CONSTANT.test(global);
}

function damaged(file: string, what: string): never {
  throw new StudioError(
    'bad-input',
    `${file} cannot be read: ${what}. It is damaged or was not copied whole; fetch it again.`,
    { path: file },
  );
}

/** Hooks that turn torch's own calls into tensors. */
function createHooks(file: string, storages: Map<string, Storage>): PickleHooks {
  const whole = (value: PickleValue | undefined): number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? value
      : damaged(file, 'a tensor has a size that is no whole number');
  const wholes = (value: PickleValue | undefined): number[] =>
    value !== undefined && isTuple(value) ? value.tuple.map(whole) : damaged(file, 'a tensor has no shape');
  const rebuild = (args: readonly PickleValue[]): PickleValue => {
    const [storage, offset, shape, stride] = args;
    if (storage === undefined || !isHost(storage)) return damaged(file, 'a tensor has no storage');
    const tensor: TensorView = {
      storage: storage.host as Storage,
      offset: whole(offset),
      shape: wholes(shape),
      stride: wholes(stride),
    };
    if (tensor.shape.length !== tensor.stride.length)
      damaged(file, 'the shape and strides of a tensor differ in length');
    return { host: tensor };
  };
  const dictionary = (args: readonly PickleValue[]): Map<PickleValue, PickleValue> => {
    const source = args.at(-1) ?? null;
    if (source instanceof Map) return new Map(source);
    const pairs = Array.isArray(source) ? source : [];
    return new Map(
      pairs.flatMap((pair): [PickleValue, PickleValue][] => {
        const items = Array.isArray(pair) ? pair : isTuple(pair) ? pair.tuple : [];
        return items.length === 2 ? [[items[0]!, items[1]!]] : [];
      }),
    );
  };
  return {
    file,
    knows,
    call: (global, args) => {
      switch (global) {
        case 'torch._utils._rebuild_tensor':
        case 'torch._utils._rebuild_tensor_v2':
          return rebuild(args);
        case 'torch._utils._rebuild_parameter':
        case 'torch.nn.parameter.Parameter':
          return args[0] ?? null;
        case 'collections.OrderedDict':
        case 'collections.defaultdict':
        case 'collections.Counter':
        case 'builtins.dict':
          return dictionary(args);
        case 'builtins.list':
          return Array.isArray(args[0]) ? [...args[0]] : [];
        case 'builtins.set':
        case 'builtins.frozenset':
          return new Set(Array.isArray(args[0]) ? args[0] : []);
        case 'builtins.int':
        case 'builtins.float':
        case 'torch.Size':
        case 'torch.device':
          return args[0] ?? null;
        case '_codecs.encode':
          return typeof args[0] === 'string'
            ? Uint8Array.from(args[0], (character) => character.charCodeAt(0) & 0xff)
            : null;
        case 'numpy.core.multiarray.scalar':
        case 'numpy._core.multiarray.scalar':
          return numpyScalar(args);
        default:
          return undefined;
      }
    },
    persistent: (id) => {
      const parts = isTuple(id) ? id.tuple : damaged(file, 'a storage is named in a way that is not known');
      const [word, type, key, , count, view] = parts;
      const storageType =
        type !== undefined && isGlobal(type) ? TORCH_STORAGE.exec(type.global)?.[1] : undefined;
      if (
        word !== 'storage' ||
        storageType === undefined ||
        (typeof key !== 'string' && typeof key !== 'number')
      ) {
        return damaged(file, 'a storage is named in a way that is not known');
      }
      if (view !== undefined && view !== null)
        return damaged(file, 'it uses storage views, as only very old PyTorch wrote them');
      const name = String(key);
      const known = storages.get(name) ?? {
        key: name,
        type: STORAGE_TYPES[storageType]!,
        count: whole(count),
        bytes: undefined,
      };
      storages.set(name, known);
      return { host: known };
    },
  };
}

/** A NumPy scalar of a common type; null for others (they are never weights). */
function numpyScalar(args: readonly PickleValue[]): PickleValue {
  const [type, bytes] = args;
  const name = typeof type === 'object' && type !== null && 'class' in type ? type.args[0] : undefined;
  if (!(bytes instanceof Uint8Array)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (name === 'f8' && bytes.length === 8) return view.getFloat64(0, true);
  if (name === 'f4' && bytes.length === 4) return view.getFloat32(0, true);
  if (name === 'i8' && bytes.length === 8) return Number(view.getBigInt64(0, true));
  return name === 'i4' && bytes.length === 4 ? view.getInt32(0, true) : null;
}

/** The numbers that a tensor sees, in row-major order. */
function gather(tensor: TensorView, file: string): StoredTensor {
  const { storage, offset, shape, stride } = tensor;
  const { type, bytes } = storage;
  const size = itemSize(type);
  const count = elementCount(shape);
  const last =
    count === 0
      ? offset
      : offset + shape.reduce((sum, length, axis) => sum + (length - 1) * stride[axis]!, 0) + 1;
  if (bytes === undefined || last * size > bytes.length)
    return damaged(file, `a tensor of shape [${shape.join(', ')}] is larger than its storage`);
  const contiguous = shape.every(
    (length, axis) => length === 1 || stride[axis] === elementCount(shape.slice(axis + 1)),
  );
  if (contiguous || count === 0)
    return { type, shape, bytes: bytes.subarray(offset * size, (offset + count) * size) };
  const result = new Uint8Array(count * size);
  const index = shape.map(() => 0);
  let source = offset;
  for (let place = 0; place < count; place += 1) {
    result.set(bytes.subarray(source * size, (source + 1) * size), place * size);
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      source += stride[axis]!;
      if (index[axis]! < shape[axis]!) break;
      source -= stride[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { type, shape, bytes: result };
}

const LARGEST_STRIDED = 2 ** 31;

/** Pickle values as plain data, with the numbers of tensors. */
function settle(value: PickleValue, file: string, depth = 0): CheckpointValue {
  if (depth > 200) return damaged(file, 'it is nested too deeply');
  const inner = (item: PickleValue): CheckpointValue => settle(item, file, depth + 1);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Set) return [...value].map(inner);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [keyText(key), inner(item)]));
  if (isTuple(value)) return value.tuple.map(inner);
  if (isGlobal(value)) return value.global;
  if (isHost(value)) {
    const tensor = value.host;
    if (!('shape' in tensor)) return null;
    const view = tensor as TensorView;
    return elementCount(view.shape) > LARGEST_STRIDED
      ? damaged(file, 'a tensor is impossibly large')
      : gather(view, file);
  }
  const dictLike = value.items.size > 0 ? value.items : value.state;
  return dictLike instanceof Map ? inner(dictLike) : value.class;
}

function keyText(key: PickleValue): string {
  return typeof key === 'object' && key !== null ? 'key' : String(key);
}

/** Whether a value of a checkpoint is a tensor. */
export function isStoredTensor(value: CheckpointValue): value is StoredTensor {
  return typeof value === 'object' && value !== null && 'shape' in value && 'bytes' in value;
}

/**
 * Reads a checkpoint.
 *
 * @throws StudioError `bad-input` when it would run code, is damaged, or is something else
 */
export function readTorchFile(bytes: Uint8Array, file: string): TorchFile {
  if (looksLikeZip(bytes)) return { form: 'zip', root: readZipForm(bytes, file) };
  if (bytes[0] === 0x80) return { form: 'legacy', root: readLegacyForm(bytes, file) };
  throw new StudioError(
    'bad-input',
    `${file} is not a PyTorch checkpoint. Files made by torch.save and safetensors can be read.`,
    { path: file },
  );
}

function readZipForm(bytes: Uint8Array, file: string): CheckpointValue {
  const entries = readZipDirectory(bytes, file);
  const pickleName = [...entries.keys()].find((name) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  if (pickleName === undefined) {
    throw new StudioError(
      'bad-input',
      `${file} is a ZIP file without data.pkl, so it is no PyTorch checkpoint. Check that it is the right file.`,
      { path: file },
    );
  }
  const prefix = pickleName.slice(0, -'data.pkl'.length);
  const read = (name: string): Uint8Array | undefined => {
    const entry = entries.get(`${prefix}${name}`);
    return entry === undefined ? undefined : readZipEntry(bytes, entry, file);
  };
  if ([...entries.keys()].some((name) => name.startsWith(`${prefix}code/`))) {
    throw new StudioError(
      'bad-input',
      `${file} is a TorchScript program, which holds code. Save its weights with torch.save(model.state_dict()) instead.`,
      { path: file },
    );
  }
  const order = read('byteorder');
  if (order !== undefined && new TextDecoder().decode(order).trim() !== 'little')
    damaged(file, 'it was written on a big-endian machine');
  const storages = new Map<string, Storage>();
  const { value } = readPickle(read('data.pkl')!, 0, createHooks(file, storages));
  for (const storage of storages.values()) {
    const data = read(`data/${storage.key}`);
    const needed = storage.count * itemSize(storage.type);
    if (data === undefined) return damaged(file, `the storage ${storage.key} is missing`);
    if (data.length !== needed)
      damaged(file, `the storage ${storage.key} has ${data.length} bytes and should have ${needed}`);
    storage.bytes = data;
  }
  return settle(value, file);
}

function readLegacyForm(bytes: Uint8Array, file: string): CheckpointValue {
  const storages = new Map<string, Storage>();
  const hooks = createHooks(file, storages);
  const magic = readPickle(bytes, 0, hooks);
  if (magic.value !== LEGACY_MAGIC) {
    throw new StudioError(
      'bad-input',
      `${file} is a Python pickle, but not a PyTorch checkpoint. Nothing was run. Files made by torch.save and safetensors can be read.`,
      { path: file },
    );
  }
  const protocol = readPickle(bytes, magic.end, hooks);
  if (protocol.value !== LEGACY_PROTOCOL) damaged(file, `its version is not ${LEGACY_PROTOCOL}`);
  const system = readPickle(bytes, protocol.end, hooks);
  if (system.value instanceof Map && system.value.get('little_endian') === false)
    damaged(file, 'it was written on a big-endian machine');
  const { value, end } = readPickle(bytes, system.end, hooks);
  const keys = readPickle(bytes, end, hooks);
  const list = Array.isArray(keys.value) ? keys.value.map(String) : [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = keys.end;
  for (const key of list) {
    const storage = storages.get(key);
    if (storage === undefined || at + 8 > bytes.length) return damaged(file, `the storage ${key} is cut off`);
    const count = Number(view.getBigInt64(at, true));
    const length = count * itemSize(storage.type);
    at += 8;
    if (count !== storage.count || at + length > bytes.length)
      return damaged(file, `the storage ${key} is cut off`);
    storage.bytes = bytes.subarray(at, at + length);
    at += length;
  }
  return settle(value, file);
}
