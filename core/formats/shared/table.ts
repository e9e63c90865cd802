/**
 * CSV and its relatives as rows of text: separator found by itself, quoted cells, CRLF, line numbers kept.
 *
 * RFC 4180, with `;` and tabs as separators as spreadsheets of other languages write them.
 */
import { StudioError } from '#core/contract/errors';

/** One row with the line it starts on (from 1). */
export interface TableRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The separator of a text: the candidate that its first line has most of, outside quotes. */
export function sniffSeparator(text: string): ',' | ';' | '\t' {
  const firstLine = (/^(?:[^"\n]|"[^"]*")*/.exec(text.replace(/^\s+/, ''))?.[0] ?? '').replace(
    /"[^"]*"/g,
    '',
  );
  const counts = ([',', ';', '\t'] as const).map((separator) => ({
    separator,
    count: firstLine.split(separator).length,
  }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).separator;
}

/**
 * Parses a table; blank lines are left out.
 *
 * @throws StudioError `bad-input` for a quoted cell that never ends
 */
export function parseTable(text: string, file: string, separator: string = sniffSeparator(text)): TableRow[] {
  const rows: TableRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let line = 1;
  let rowLine = 1;
  const endRow = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: rowLine, cells });
    cells = [];
    cell = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"' && cell.trim() === '') {
      const opened = line;
      cell = '';
      for (at += 1; ; at += 1) {
        const inside = text[at];
        if (inside === undefined) {
          throw new StudioError(
            'bad-input',
            `${file}: the quoted cell that begins at line ${opened} never ends. Add the closing quote.`,
            {
              path: file,
              line: opened,
            },
          );
        }
        if (inside === '\n') line += 1;
        if (inside !== '"') cell += inside;
        else if (text[at + 1] === '"') {
          cell += '"';
          at += 1;
        } else break;
      }
    } else if (character === separator) {
      cells.push(cell);
      cell = '';
    } else if (character === '\n' || character === '\r') {
      if (character === '\r' && text[at + 1] === '\n') at += 1;
      endRow();
      line += 1;
      rowLine = line;
    } else {
      cell += character;
    }
  }
  if (cell !== '' || cells.length > 0) endRow();
  return rows;
}

/** Rows as text with CRLF-free line ends; cells are quoted where they must be. */
export function formatTable(rows: readonly (readonly string[])[], separator = ','): string {
  const quote = (cell: string): string =>
    cell.includes(separator) || /["\r\n]/.test(cell) || cell.trim() !== cell
      ? `"${cell.replaceAll('"', '""')}"`
      : cell;
  return rows.map((cells) => `${cells.map(quote).join(separator)}\n`).join('');
}

/** A decimal number with point or comma; NaN for anything else. */
export function parseDecimal(text: string): number {
  const trimmed = text.trim();
  return /^[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)
    ? Number(trimmed.replace(',', '.'))
    : Number.NaN;
}

/** Finds columns by any of their names, without regard to case, spaces and underscores; −1 where there is none. */
export function columnIndex(header: readonly string[], names: readonly string[]): number {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_\-()]/g, '');
  const cells = header.map(plain);
  for (const name of names) {
    const index = cells.indexOf(plain(name));
    if (index >= 0) return index;
  }
  return -1;
}
