/**
 * A JSON reader and writer that loses nothing: numbers keep their source text, objects keep order and repeated keys, errors know the line.
 *
 * `JSON.parse` drops the first of two equal keys, sorts keys that look like integers, and rounds long numbers. Annotation files have all
 * three, and Python's `NaN` and `Infinity` besides. Decision: docs/decisions/0050-own-json-reader.md.
 */
import { StudioError } from '#core/contract/errors';

/** A number with the text it had in the file. */
export class JsonNumber {
  readonly value: number;
  readonly text: string;

  constructor(value: number, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** An object as its entries, in file order, repeated keys included. */
export class JsonObject {
  readonly entries: [string, JsonValue][];
  /** Where it begins in the text, in UTF-16 units. */
  readonly offset: number;

  constructor(entries: [string, JsonValue][], offset = 0) {
    this.entries = entries;
    this.offset = offset;
  }

  /** The last value of a key, as `JSON.parse` would give it. */
  get(key: string): JsonValue | undefined {
    for (let index = this.entries.length - 1; index >= 0; index -= 1) {
      if (this.entries[index]![0] === key) return this.entries[index]![1];
    }
    return undefined;
  }
}

/** Any JSON value. */
export type JsonValue = null | boolean | string | JsonNumber | JsonObject | JsonValue[];

const NUMBER = /-?(?:Infinity|NaN|(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|NaN/y;
const PLAIN_STRING = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const DEEPEST = 500;

/** Line and column of an offset, both from 1. */
export function lineOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { line, column: offset - before.lastIndexOf('\n') };
}

/**
 * Parses a JSON document.
 *
 * @param file its name, for the message
 * @throws StudioError `bad-input` with `path`, `line`, `column` and `offset`
 */
export function parseJson(text: string, file: string): JsonValue {
  let at = 0;

  const fail = (what: string): never => {
    const { line, column } = lineOf(text, at);
    throw new StudioError(
      'bad-input',
      `${file} is not valid JSON: ${what} at line ${line}, column ${column}. Save it again from the program that made it, or correct that place.`,
      { path: file, line, column, offset: at },
    );
  };
  const space = (): void => {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 32 || code === 10 || code === 13 || code === 9) at += 1;
      else return;
    }
  };
  const string = (): string => {
    at += 1;
    let result = '';
    for (;;) {
      PLAIN_STRING.lastIndex = at;
      const plain = PLAIN_STRING.exec(text)?.[0] ?? '';
      result += plain;
      at += plain.length;
      const character = text[at];
      if (character === '"') {
        at += 1;
        return result;
      }
      if (character !== '\\')
        return fail(
          character === undefined ? 'a text without its closing quote' : 'a control character in a text',
        );
      const escape = text[at + 1] ?? '';
      if (escape === 'u') {
        const hex = text.slice(at + 2, at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) fail('a broken \\u escape');
        result += String.fromCharCode(Number.parseInt(hex, 16));
        at += 6;
      } else {
        const meant = ESCAPES[escape];
        if (meant === undefined) fail('an unknown escape');
        result += meant;
        at += 2;
      }
    }
  };
  const value = (depth: number): JsonValue => {
    if (depth > DEEPEST) fail(`more than ${DEEPEST} levels of nesting`);
    space();
    const start = at;
    switch (text[at]) {
      case '{': {
        const entries: [string, JsonValue][] = [];
        at += 1;
        space();
        if (text[at] === '}') {
          at += 1;
          return new JsonObject(entries, start);
        }
        for (;;) {
          space();
          if (text[at] !== '"') fail('a key was expected');
          const key = string();
          space();
          if (text[at] !== ':') fail('a colon was expected');
          at += 1;
          entries.push([key, value(depth + 1)]);
          space();
          const next = text[at];
          if (next !== ',' && next !== '}') fail('a comma or } was expected');
          at += 1;
          if (next === '}') return new JsonObject(entries, start);
        }
      }
      case '[': {
        const items: JsonValue[] = [];
        at += 1;
        space();
        if (text[at] === ']') {
          at += 1;
          return items;
        }
        for (;;) {
          items.push(value(depth + 1));
          space();
          const next = text[at];
          if (next !== ',' && next !== ']') fail('a comma or ] was expected');
          at += 1;
          if (next === ']') return items;
        }
      }
      case '"':
        return string();
      case 't':
        return word('true', true);
      case 'f':
        return word('false', false);
      case 'n':
        return word('null', null);
      default: {
        NUMBER.lastIndex = at;
        const found = NUMBER.exec(text)?.[0];
        if (found === undefined)
          return fail(at >= text.length ? 'the end came too early' : 'a value was expected');
        at += found.length;
        return new JsonNumber(Number(found), found);
      }
    }
  };
  const word = <T extends JsonValue>(name: string, meaning: T): T => {
    if (!text.startsWith(name, at)) fail('a value was expected');
    at += name.length;
    return meaning;
  };

  const result = value(0);
  space();
  if (at < text.length) fail('something follows the document');
  return result;
}

/** Values that can be written: parsed ones, and plain JavaScript. */
export type WritableJson =
  JsonValue | number | undefined | readonly WritableJson[] | { readonly [key: string]: WritableJson };

/**
 * Writes JSON; numbers with source text get that text. Undefined members are left out.
 *
 * @param indent spaces a level; 0 writes one line
 * @throws StudioError `internal` for numbers that JSON cannot hold
 */
export function stringifyJson(value: WritableJson, indent = 0): string {
  const write = (item: WritableJson, margin: string): string => {
    if (item === null || item === undefined) return 'null';
    if (typeof item === 'string' || typeof item === 'boolean') return JSON.stringify(item);
    if (typeof item === 'number') return numberText(item);
    if (item instanceof JsonNumber) return Number.isFinite(item.value) ? item.text : numberText(item.value);
    const inner = margin + ' '.repeat(indent);
    const [open, separator, close] =
      indent > 0 ? [`\n${inner}`, `,\n${inner}`, `\n${margin}`] : ['', ', ', ''];
    if (isArray(item)) {
      if (item.length === 0) return '[]';
      if (item.every(isScalar)) return `[${item.map((each) => write(each, '')).join(', ')}]`;
      return `[${open}${item.map((each) => write(each, inner)).join(separator)}${close}]`;
    }
    const entries: readonly (readonly [string, WritableJson])[] =
      item instanceof JsonObject ? item.entries : Object.entries(item);
    const written = entries.filter(([, each]) => each !== undefined);
    if (written.length === 0) return '{}';
    return `{${open}${written.map(([key, each]) => `${JSON.stringify(key)}: ${write(each, inner)}`).join(separator)}${close}}`;
  };
  return write(value, '');
}

function isArray(item: WritableJson): item is readonly WritableJson[] {
  return Array.isArray(item);
}

function isScalar(item: WritableJson): boolean {
  return item === null || typeof item !== 'object' || item instanceof JsonNumber;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) {
    throw new StudioError(
      'internal',
      `JSON cannot hold the number ${value}. Report this, with the file that was written.`,
    );
  }
  return JSON.stringify(value);
}
