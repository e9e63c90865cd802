/**
 * What a Python pickle can hold, as plain values.
 */

/** A tuple, told apart from a list. */
export interface PickleTuple {
  readonly tuple: readonly PickleValue[];
}

/** A Python global by name, never looked up. */
export interface PickleGlobal {
  readonly global: string;
}

/** An object of a listed class, as its parts. */
export interface PickleObject {
  readonly class: string;
  readonly args: readonly PickleValue[];
  /** Items set on a dict subclass. */
  readonly items: PickleDict;
  /** Items appended to a list subclass. */
  readonly list: PickleValue[];
  state: PickleValue;
}

/** A value of the caller's (a tensor, a storage). */
export interface PickleHost {
  readonly host: object;
}

/** A dictionary; keys that are not plain are kept as they are. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** Whatever a pickle can hold. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | Set<PickleValue>
  | PickleGlobal
  | PickleObject
  | PickleHost;

export function isTuple(value: PickleValue): value is PickleTuple {
  return typeof value === 'object' && value !== null && 'tuple' in value;
}

export function isGlobal(value: PickleValue): value is PickleGlobal {
  return typeof value === 'object' && value !== null && 'global' in value;
}

export function isHost(value: PickleValue): value is PickleHost {
  return typeof value === 'object' && value !== null && 'host' in value;
}

export function isObject(value: PickleValue): value is PickleObject {
  return typeof value === 'object' && value !== null && 'class' in value;
}
