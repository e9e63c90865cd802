/**
 * What every CSV format does with a file: the header with its columns, what is missing said by name, and one row after another with its
 * cells by column. Formats add what their rows mean.
 */
import { StudioError } from '#core/contract/errors';
import type {
  FormatDocument,
  FormatFile,
  ReadLog,
  ReadOptions,
  VideoBuilder,
  VideoBuilders,
} from '#core/formats/format';
import { createReadLog, videoBuilder } from '#core/formats/format';
import { columnIndex, parseTable } from './table.ts';
import { decodeText } from './text.ts';

/** One row below the header. */
export interface CsvRow<Column extends string> {
  /** `line 12` */
  readonly where: () => string;
  /** The trimmed cell of a column; empty where the file has no such column. */
  readonly cell: (column: Column) => string;
  /** Cells of all columns but some, by the file's own names: what travels along. */
  readonly others: (but: readonly Column[]) => Readonly<Record<string, string>>;
}

/** A file whose header was understood. */
export interface CsvFile<Column extends string> {
  readonly header: readonly string[];
  readonly rows: readonly CsvRow<Column>[];
  readonly log: ReadLog;
  readonly videos: VideoBuilders;
  /** The video that a row names, with the length that the options give; null after saying that there is none. */
  readonly videoOf: (row: CsvRow<Column>, name: string) => VideoBuilder | null;
}

/** How a format's columns are found. */
export interface CsvColumns<Column extends string> {
  /** Names that mean a column, best first. */
  readonly columns: Readonly<Record<Column, readonly string[]>>;
  readonly required: readonly NoInfer<Column>[];
  /** What to do when one is missing. */
  readonly hint: string;
  /** Found out by itself where absent. */
  readonly separator?: string;
}

/** Reads a file. @throws StudioError `bad-input` naming the columns that are missing */
export function readCsv<Column extends string>(
  file: FormatFile,
  options: ReadOptions,
  { columns, required, hint, separator }: CsvColumns<Column>,
): CsvFile<Column> {
  const [first, ...rest] = parseTable(decodeText(file.bytes).text, file.path, separator);
  const header = (first?.cells ?? []).map((cell) => cell.trim());
  const places = new Map(
    Object.entries<readonly string[]>(columns).map(([column, names]) => [column, columnIndex(header, names)]),
  );
  const placeOf = (column: Column): number => places.get(column) ?? -1;
  const missing = required.filter((column) => placeOf(column) < 0);
  if (missing.length > 0) {
    throw new StudioError(
      'bad-input',
      `${file.path}: the first line names no column for ${missing.join(', ')}. ${hint}`,
      { path: file.path, line: 1 },
    );
  }
  const log = createReadLog(options, file.path);
  const videos: VideoBuilders = new Map();
  const rows = rest.map(({ line, cells }): CsvRow<Column> => ({
    where: () => `line ${line}`,
    cell: (column) => (placeOf(column) < 0 ? '' : (cells[placeOf(column)] ?? '').trim()),
    others: (but) => {
      const left = new Set(but.map(placeOf));
      return Object.fromEntries(
        header.flatMap((name, at): [string, string][] => (left.has(at) ? [] : [[name, cells[at] ?? '']])),
      );
    },
  }));
  return {
    header,
    rows,
    log,
    videos,
    videoOf: (row, name) => {
      if (name === '') {
        log.problem('no-video', 'the row names no video', row.where(), 'left out');
        return null;
      }
      const video = videoBuilder(videos, name);
      video.durationSec ??= options.durationSec;
      return video;
    },
  };
}

/** Columns to write: the file's own where the document came from the same format, else the format's. */
export function headerFor(
  document: FormatDocument,
  format: string,
  columns: readonly string[],
): readonly string[] {
  const header = document.format === format ? document.extra?.['header'] : undefined;
  return Array.isArray(header) ? (header as string[]) : columns;
}

/** A row to write: what travelled along first or last, as the format wants it, and the cells that are made anew. */
export function rowFor(
  header: readonly string[],
  first: Readonly<Record<string, unknown>>,
  second: Readonly<Record<string, unknown>>,
): string[] {
  return header.map((column) => {
    const value = typeof first[column] === 'string' ? first[column] : second[column];
    return typeof value === 'string' ? value : '';
  });
}
