/**
 * Reads Python pickles as data and executes nothing.
 *
 * A pickle is a program for a stack machine (CPython `pickletools.py`); what makes it dangerous are the opcodes that name a Python global and
 * call it. Here a global outside the reader's list ends the reading with its name, and the few that are on it are turned into plain values
 * by the caller. All opcodes of protocols 0–5 are known except extension codes and out-of-band buffers, which checkpoints never use.
 */
import { StudioError } from '#core/contract/errors';
import { longOfBytes, longOfText, pickleBytes, unquoted } from './pickleBytes.ts';
import { isGlobal, isObject, isTuple } from './pickleValues.ts';
import type { PickleDict, PickleGlobal, PickleValue } from './pickleValues.ts';

/** What the caller knows of the Python side. */
export interface PickleHooks {
  /** Name of the file for messages. */
  readonly file: string;
  /** Whether a global (`torch._utils._rebuild_tensor_v2`) is known and harmless. */
  readonly knows: (global: string) => boolean;
  /** The value of calling a known global; undefined keeps it as an object of that class. */
  readonly call: (global: string, args: readonly PickleValue[]) => PickleValue | undefined;
  /** The value of a persistent id: where torch keeps its storages. */
  readonly persistent: (id: PickleValue) => PickleValue;
}

const MARK = Symbol('mark');
type Slot = PickleValue | typeof MARK;

/**
 * Reads one pickle.
 *
 * @param start where it begins
 * @returns its value, and where the next thing begins
 * @throws StudioError `bad-input` when it would run code, is cut off, or is not a pickle
 */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  hooks: PickleHooks,
): { value: PickleValue; end: number } {
  const source = pickleBytes(bytes, start, hooks.file);
  const { fail, take, u8, u16, u32, i32, u64, line, text } = source;
  const stack: Slot[] = [];
  const memo = new Map<number, PickleValue>();
  const push = (value: Slot): void => void stack.push(value);
  const pop = (): PickleValue => {
    const value = stack.pop();
    return value === undefined || value === MARK ? fail('its stack is empty') : value;
  };
  const top = (): PickleValue => {
    const value = stack.at(-1);
    return value === undefined || value === MARK ? fail('its stack is empty') : value;
  };
  const popToMark = (): PickleValue[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) fail('a mark is missing');
    const items = stack.splice(mark) as PickleValue[];
    return items.slice(1);
  };
  const globalOf = (module: PickleValue, name: PickleValue): PickleGlobal => {
    if (typeof module !== 'string' || typeof name !== 'string') return fail('a global has no name');
    const global = `${module.replace(/^__builtin__$/, 'builtins')}.${name}`;
    if (!hooks.knows(global)) refuse(global);
    return { global };
  };
  const refuse = (global: string): never => {
    throw new StudioError(
      'bad-input',
      `${hooks.file} would run code when it is loaded: it asks for “${global}”. Nothing was run and nothing was read. Use only files from a source you trust, and ask there for the weights alone (safetensors, or torch.save of a state_dict).`,
      { path: hooks.file, global },
    );
  };
  const call = (callee: PickleValue, args: PickleValue): PickleValue => {
    if (!isGlobal(callee)) return fail('something that is no function is called');
    const list = isTuple(args) ? args.tuple : fail('arguments are missing');
    const made = hooks.call(callee.global, list);
    return made ?? { class: callee.global, args: list, items: new Map(), list: [], state: null };
  };
  const setItems = (target: PickleValue, items: readonly PickleValue[]): void => {
    const dict =
      target instanceof Map
        ? target
        : isObject(target)
          ? target.items
          : fail('items are set on something else');
    for (let index = 0; index + 1 < items.length; index += 2) dict.set(items[index]!, items[index + 1]!);
  };
  const append = (target: PickleValue, items: readonly PickleValue[]): void => {
    const list = Array.isArray(target)
      ? target
      : isObject(target)
        ? target.list
        : fail('items are appended to something else');
    for (const item of items) list.push(item);
  };
  const remember = (index: number): void => void memo.set(index, top());
  const recall = (index: number): void =>
    push(memo.get(index) ?? (memo.has(index) ? null : fail('it recalls what it never kept')));

  for (;;) {
    const opcode = u8();
    switch (opcode) {
      case 0x80: // PROTO
        if (u8() > 5) fail('its pickle protocol is newer than 5');
        break;
      case 0x95: // FRAME
        take(8);
        break;
      case 0x2e: // STOP
        return { value: pop(), end: source.position() };
      case 0x28: // MARK
        push(MARK);
        break;
      case 0x30: // POP
        stack.pop();
        break;
      case 0x31: // POP_MARK
        popToMark();
        break;
      case 0x32: // DUP
        push(top());
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 0x49: {
        // INT
        const digits = line().trim();
        push(digits === '01' ? true : digits === '00' ? false : Number(digits));
        break;
      }
      case 0x4a: // BININT
        push(i32());
        break;
      case 0x4b: // BININT1
        push(u8());
        break;
      case 0x4d: // BININT2
        push(u16());
        break;
      case 0x4c: {
        // LONG
        push(longOfText(line()) ?? fail('a whole number is malformed'));
        break;
      }
      case 0x8a: // LONG1
        push(longOfBytes(take(u8())));
        break;
      case 0x8b: // LONG4
        push(longOfBytes(take(i32())));
        break;
      case 0x46: // FLOAT
        push(Number(line().trim()));
        break;
      case 0x47: // BINFLOAT
        push(source.f64());
        break;
      case 0x53: // STRING
        push(unquoted(line().trim()));
        break;
      case 0x54: // BINSTRING
        push(text(i32()));
        break;
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        push(text(u8()));
        break;
      case 0x56: // UNICODE
        push(line());
        break;
      case 0x58: // BINUNICODE
        push(text(u32()));
        break;
      case 0x8d: // BINUNICODE8
        push(text(u64()));
        break;
      case 0x42: // BINBYTES
        push(take(u32()));
        break;
      case 0x43: // SHORT_BINBYTES
        push(take(u8()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        push(take(u64()));
        break;
      case 0x5d: // EMPTY_LIST
        push([]);
        break;
      case 0x6c: // LIST
        push(popToMark());
        break;
      case 0x61: {
        // APPEND
        const item = pop();
        append(top(), [item]);
        break;
      }
      case 0x65: {
        // APPENDS
        const items = popToMark();
        append(top(), items);
        break;
      }
      case 0x29: // EMPTY_TUPLE
        push({ tuple: [] });
        break;
      case 0x74: // TUPLE
        push({ tuple: popToMark() });
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: opcode - 0x84 }, pop).reverse();
        push({ tuple: items });
        break;
      }
      case 0x7d: // EMPTY_DICT
        push(new Map());
        break;
      case 0x64: {
        // DICT
        const items = popToMark();
        const dict: PickleDict = new Map();
        setItems(dict, items);
        push(dict);
        break;
      }
      case 0x73: {
        // SETITEM
        const value = pop();
        const key = pop();
        setItems(top(), [key, value]);
        break;
      }
      case 0x75: {
        // SETITEMS
        const items = popToMark();
        setItems(top(), items);
        break;
      }
      case 0x8f: // EMPTY_SET
        push(new Set<PickleValue>());
        break;
      case 0x90: {
        // ADDITEMS
        const items = popToMark();
        const set = top();
        if (set instanceof Set) items.forEach((item) => set.add(item));
        else fail('items are added to something that is no set');
        break;
      }
      case 0x91: // FROZENSET
        push(new Set(popToMark()));
        break;
      case 0x63: {
        // GLOBAL
        const module = line();
        push(globalOf(module, line()));
        break;
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        push(globalOf(pop(), name));
        break;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const args = pop();
        push(call(pop(), args));
        break;
      }
      case 0x92: {
        // NEWOBJ_EX
        pop();
        const args = pop();
        push(call(pop(), args));
        break;
      }
      case 0x69: {
        // INST
        const module = line();
        const callee = globalOf(module, line());
        push(call(callee, { tuple: popToMark() }));
        break;
      }
      case 0x6f: {
        // OBJ
        const [callee, ...args] = popToMark();
        push(call(callee ?? null, { tuple: args }));
        break;
      }
      case 0x62: {
        // BUILD
        const state = pop();
        const target = top();
        if (isObject(target)) target.state = state;
        break;
      }
      case 0x50: // PERSID
        push(hooks.persistent(line()));
        break;
      case 0x51: // BINPERSID
        push(hooks.persistent(pop()));
        break;
      case 0x67: // GET
        recall(Number(line()));
        break;
      case 0x68: // BINGET
        recall(u8());
        break;
      case 0x6a: // LONG_BINGET
        recall(u32());
        break;
      case 0x70: // PUT
        remember(Number(line()));
        break;
      case 0x71: // BINPUT
        remember(u8());
        break;
      case 0x72: // LONG_BINPUT
        remember(u32());
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      default:
        fail(`the opcode 0x${opcode.toString(16)} is unknown`);
    }
  }
}
