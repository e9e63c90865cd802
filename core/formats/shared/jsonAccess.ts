/** Careful reading of parsed JSON: numbers that are texts, members that are missing, places for messages. */
import type { JsonValue, WritableJson } from './json.ts';
import { JsonNumber, JsonObject } from './json.ts';
import { parseDecimal } from './table.ts';

/** A number with the text it had. */
export interface NumberText {
  readonly value: number;
  readonly text: string;
}

/** Numbers, and texts that hold numbers (`"18.6"`); NaN otherwise. */
export function readNumber(value: JsonValue | undefined): NumberText {
  if (value instanceof JsonNumber) return { value: value.value, text: value.text };
  if (typeof value === 'string') return { value: parseDecimal(value), text: value.trim() };
  return { value: Number.NaN, text: '' };
}

/** A finite number, or undefined. */
export function readFinite(value: JsonValue | undefined): NumberText | undefined {
  const number = readNumber(value);
  return Number.isFinite(number.value) ? number : undefined;
}

/** A text; numbers as they are written; undefined otherwise. */
export function readString(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof JsonNumber ? value.text : undefined;
}

/** Members other than the named ones. */
export function otherMembers(object: JsonObject, known: readonly string[]): Record<string, WritableJson> {
  return Object.fromEntries(object.entries.filter(([key]) => !known.includes(key)));
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A number for writing: the source text where it still says the same, else the shortest exact text. */
export function writeNumber(value: number, text: string | undefined): WritableJson {
  const plain = text?.replace(',', '.');
  return plain !== undefined && JSON_NUMBER.test(plain) && Number(plain) === value
    ? new JsonNumber(value, plain)
    : value;
}

/** Finds the line of an offset quickly, over and over. */
export function createLineFinder(text: string): (offset: number) => number {
  let starts: number[] | undefined;
  return (offset) => {
    if (starts === undefined) {
      starts = [0];
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    }
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** The object of a value, or undefined. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  return value instanceof JsonObject ? value : undefined;
}

/** The array of a value, or undefined. */
export function asArray(value: JsonValue | undefined): JsonValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
