import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from './json.ts';
import { JsonNumber, JsonObject, parseJson, stringifyJson } from './json.ts';

/** What `JSON.parse` would give. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return value.value;
  if (value instanceof JsonObject)
    return Object.fromEntries(value.entries.map(([key, each]) => [key, plain(each)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

describe('parseJson', () => {
  it('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 4), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const expected: unknown = JSON.parse(text);
        expect(plain(parseJson(text, 'x'))).toEqual(expected);
        expect(JSON.parse(stringifyJson(parseJson(text, 'x'), indent))).toEqual(expected);
      }),
    );
  });

  it('keeps the text of numbers, the order of keys and repeated keys', () => {
    const text = '{"b": 18.60, "2": 1e3, "1": 123456789012345678901234567890, "b": "é\\u00e9\\n"}';
    const root = parseJson(text, 'x') as JsonObject;
    expect(root.entries.map(([key]) => key)).toEqual(['b', '2', '1', 'b']);
    expect(root.get('b')).toBe('éé\n');
    expect(stringifyJson(root)).toBe(
      '{"b": 18.60, "2": 1e3, "1": 123456789012345678901234567890, "b": "éé\\n"}',
    );
  });

  it('reads the NaN and Infinity that Python writes, and refuses to write them', () => {
    const [nan, infinity] = parseJson('[NaN, -Infinity]', 'x') as JsonNumber[];
    expect(nan?.value).toBeNaN();
    expect(infinity?.value).toBe(-Infinity);
    expect(() => stringifyJson(Number.NaN)).toThrow(/cannot hold/);
  });

  it('names the file, line and column of what is wrong', () => {
    const broken = [
      '{"a": 1,\n "b" 2}',
      '[1, 2',
      '{"a": tru}',
      '"open',
      '[1] 2',
      '{"a": 01}',
      '',
      '[1,]',
      '"\\x"',
      '"\\u12g4"',
    ];
    for (const text of broken) {
      expect(() => parseJson(text, 'clip.json')).toThrow(
        /clip\.json is not valid JSON: .* at line \d+, column \d+/,
      );
    }
    expect(() => parseJson(broken[0]!, 'clip.json')).toThrow(/colon was expected at line 2, column 6/);
    expect(() => parseJson('['.repeat(100_000), 'deep.json')).toThrow(/levels of nesting/);
  });
});
