import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnIndex, formatTable, parseDecimal, parseTable, sniffSeparator } from './table.ts';

describe('tables', () => {
  it('come back as they were written', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', ' ', 'é', '1') });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 }), (rows) => {
        expect(parseTable(formatTable(rows), 'x', ',').map((row) => row.cells)).toEqual(rows);
      }),
    );
  });

  it('take CRLF, semicolons, tabs and quoted line breaks, and know the line', () => {
    expect(parseTable('a;b\r\n"x\r\n;y";2\r\n\r\nz;3', 'x')).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: ['x\r\n;y', '2'] },
      { line: 5, cells: ['z', '3'] },
    ]);
    expect(sniffSeparator('a\tb,c\td\n')).toBe('\t');
    expect(sniffSeparator('"a;b;c",d\n')).toBe(',');
  });

  it('say which quoted cell never ends', () => {
    expect(() => parseTable('a,b\n"open,2\n3', 'clip.csv')).toThrow(
      /clip\.csv: the quoted cell that begins at line 2/,
    );
  });

  it('read decimals with point and comma, and nothing else', () => {
    expect(['1.5', ' 1,5 ', '-2e3', '.5', '7.'].map(parseDecimal)).toEqual([1.5, 1.5, -2000, 0.5, 7]);
    for (const text of ['', '1.2.3', '1,000.5', '0x10', 'NaN', 'Infinity', '1 s'])
      expect(parseDecimal(text)).toBeNaN();
  });

  it('find columns without regard to case and spaces', () => {
    expect(columnIndex(['Video_ID', 'Start (s)'], ['start', 'start s'])).toBe(1);
    expect(columnIndex(['Video_ID'], ['start'])).toBe(-1);
  });
});
