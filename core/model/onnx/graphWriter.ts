/**
 * Writes ONNX models: the few message types of `onnx.proto3` that encoder graphs need, as protocol-buffer bytes.
 *
 * Written by hand because generated protocol-buffer code would be a hundred times the size of what is used here.
 * Graphs are written node by node; the writer names intermediate values.
 */

/** Element types by their number in `TensorProto.DataType`. */
const ELEMENT_TYPE = { float32: 1, uint8: 2, int64: 7 } as const;

export type ElementType = keyof typeof ELEMENT_TYPE;

/** An attribute of a node: an integer, integers, a string, or `{float}`. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

/** A value of the graph with its shape. */
export interface GraphValue {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Collects nodes, inputs, outputs and constants; `finish` gives the model file. */
export interface GraphWriter {
  input(name: string, type: ElementType, shape: readonly number[]): GraphValue;
  /** Declares a value as an output under its own name. */
  output(value: GraphValue): void;
  /** A float32 constant. */
  constant(data: Float32Array, shape: readonly number[], name?: string): GraphValue;
  /** A float32 constant that is written once under this name, however often it is asked for. */
  constantOnce(name: string, data: Float32Array, shape: readonly number[]): GraphValue;
  /** An int64 vector, as shapes and axes are given. Equal vectors are written once. */
  integers(values: readonly number[]): string;
  /** One node with one output. `type` may name a domain first (`com.microsoft:FusedMatMul`); `name` fixes the output's name. */
  node(
    type: string,
    inputs: readonly (GraphValue | string)[],
    shape: readonly number[],
    attributes?: Readonly<Record<string, Attribute>>,
    name?: string,
  ): GraphValue;
  /** One node with several outputs. */
  nodes(
    type: string,
    inputs: readonly (GraphValue | string)[],
    shapes: readonly (readonly number[])[],
    attributes?: Readonly<Record<string, Attribute>>,
    nodeName?: string,
  ): GraphValue[];
  finish(): Uint8Array;
}

const IR_VERSION = 9;
const OPSET_VERSION = 20;

const text = new TextEncoder();

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

function integerField(field: number, value: number): Uint8Array {
  return concat([varint(field << 3), varint(value)]);
}

function bytesField(field: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? text.encode(value) : value;
  return concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([varint((field << 3) | 5), bytes]);
}

/** ValueInfoProto */
function valueInfo(name: string, type: ElementType, shape: readonly number[]): Uint8Array {
  const dimensions = shape.map((length) => bytesField(1, integerField(1, length)));
  const tensor = concat([integerField(1, ELEMENT_TYPE[type]), bytesField(2, concat(dimensions))]);
  return concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))]);
}

/** AttributeProto */
function attributeBytes(name: string, value: Attribute): Uint8Array {
  if (typeof value === 'number')
    return concat([bytesField(1, name), integerField(3, value), integerField(20, 2)]);
  if (typeof value === 'string')
    return concat([bytesField(1, name), bytesField(4, value), integerField(20, 3)]);
  if ('float' in value) return concat([bytesField(1, name), floatField(2, value.float), integerField(20, 1)]);
  return concat([bytesField(1, name), ...value.map((item) => integerField(8, item)), integerField(20, 7)]);
}

/** TensorProto with raw data. */
function tensorBytes(
  name: string,
  type: ElementType,
  shape: readonly number[],
  data: Uint8Array,
): Uint8Array {
  const dimensions = shape.map((length) => integerField(1, length));
  return concat([
    ...dimensions,
    integerField(2, ELEMENT_TYPE[type]),
    bytesField(8, name),
    bytesField(9, data),
  ]);
}

/** Starts an empty graph. @param prefix of the names of intermediate values */
export function createGraphWriter(prefix = 'v'): GraphWriter {
  const parts: Uint8Array[] = [];
  const vectors = new Map<string, string>();
  const domains = new Set<string>();
  const shared = new Map<string, GraphValue>();
  let counter = 0;
  const fresh = (): string => `${prefix}${(counter += 1)}`;

  const write = (
    type: string,
    inputs: readonly (GraphValue | string)[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    nodeName?: string,
  ): void => {
    const [operator, domain] = type.split(':').toReversed();
    if (domain !== undefined) domains.add(domain);
    const fields = [
      ...inputs.map((value) => bytesField(1, typeof value === 'string' ? value : value.name)),
      ...outputs.map((name) => bytesField(2, name)),
      ...(nodeName === undefined ? [] : [bytesField(3, nodeName)]),
      bytesField(4, operator!),
      ...Object.entries(attributes).map(([name, value]) => bytesField(5, attributeBytes(name, value))),
      ...(domain === undefined ? [] : [bytesField(7, domain)]),
    ];
    parts.push(bytesField(1, concat(fields)));
  };

  const constant = (data: Float32Array, shape: readonly number[], name = fresh()): GraphValue => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    parts.push(bytesField(5, tensorBytes(name, 'float32', shape, bytes)));
    return { name, shape };
  };

  return {
    input: (name, type, shape) => {
      parts.push(bytesField(11, valueInfo(name, type, shape)));
      return { name, shape };
    },
    output: (value) => {
      parts.push(bytesField(12, valueInfo(value.name, 'float32', value.shape)));
    },
    constant,
    constantOnce: (name, data, shape) => {
      const known = shared.get(name) ?? constant(data, shape, name);
      shared.set(name, known);
      return known;
    },
    integers: (values) => {
      const key = values.join();
      const known = vectors.get(key);
      if (known !== undefined) return known;
      const name = fresh();
      const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      parts.push(bytesField(5, tensorBytes(name, 'int64', [values.length], data)));
      vectors.set(key, name);
      return name;
    },
    node: (type, inputs, shape, attributes = {}, name = fresh()) => {
      write(type, inputs, [name], attributes);
      return { name, shape };
    },
    nodes: (type, inputs, shapes, attributes = {}, nodeName) => {
      const values = shapes.map((shape) => ({ name: fresh(), shape }));
      write(
        type,
        inputs,
        values.map((value) => value.name),
        attributes,
        nodeName,
      );
      return values;
    },
    finish: () => {
      const graph = concat([...parts, bytesField(2, 'encoder')]);
      const opset = (domain: string, version: number): Uint8Array =>
        bytesField(8, concat([bytesField(1, domain), integerField(2, version)]));
      const opsets = [opset('', OPSET_VERSION), ...[...domains].map((domain) => opset(domain, 1))];
      return concat([integerField(1, IR_VERSION), bytesField(7, graph), ...opsets]);
    },
  };
}
