/**
 * The program's log: one file that rotates, in the folder for the program's data.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';

/** A log that never throws: a full disk must not end the program. */
export interface Log {
  readonly file: string;
  readonly write: (source: 'main' | 'service' | 'page', line: string) => void;
  /** The last lines that main itself wrote. */
  readonly tail: (lines: number) => readonly string[];
}

const LARGEST_BYTES = 1024 * 1024;
const KEPT_FILES = 3;
const LONGEST_LINE = 4000;

/** Opens the log below `folder`. @param largestBytes size at which a new file begins */
export function openLog(folder: string, largestBytes: number = LARGEST_BYTES): Log {
  const file = path.join(folder, 'main.log');
  const older = (n: number): string => path.join(folder, `main.${n}.log`);
  const rotate = (): void => {
    for (let n = KEPT_FILES - 1; n >= 1; n -= 1) {
      const from = n === 1 ? file : older(n - 1);
      if (existsSync(from)) renameSync(from, older(n));
    }
  };
  let bytes = 0;
  try {
    mkdirSync(folder, { recursive: true });
    bytes = existsSync(file) ? statSync(file).size : 0;
  } catch {
    // Without a log the program still works.
  }
  return {
    file,
    write: (source, line) => {
      try {
        if (bytes >= largestBytes) {
          rotate();
          bytes = 0;
        }
        const text = `${new Date().toISOString()} ${source} ${line.slice(0, LONGEST_LINE)}\n`;
        appendFileSync(file, text);
        bytes += Buffer.byteLength(text);
      } catch {
        // The same.
      }
    },
    tail: (lines) => {
      try {
        const own = readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.slice(24).startsWith(' main '));
        return own.slice(-lines);
      } catch {
        return [];
      }
    },
  };
}
