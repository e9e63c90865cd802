/**
 * What a person opens the program with: a project's folder, its marker (`project.lofi`, the file that the system starts the program for), or the
 * database inside it.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const DATABASE = 'project.sqlite';
const MARKER_ENDING = '.lofi';

const isFile = (file: string): boolean => {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

/** File managers of Linux hand over addresses (`file:///…`), those of other systems paths. */
function withoutScheme(given: string): string {
  try {
    return given.startsWith('file:') ? fileURLToPath(given) : given;
  } catch {
    return given;
  }
}

/**
 * The project that a path names; null when it names none.
 *
 * A marker always names its folder, even where the database is gone: then the service says so in words, which is better than a program that starts as
 * if nothing had been pressed.
 */
export function projectOfPath(given: string, workingDir: string): string | null {
  const full = path.resolve(workingDir, withoutScheme(given));
  if (path.extname(full).toLowerCase() === MARKER_ENDING && isFile(full)) {
    return path.dirname(full);
  }
  const dir = path.basename(full) === DATABASE ? path.dirname(full) : full;
  return isFile(path.join(dir, DATABASE)) ? dir : null;
}

/** The first project among a command line's words. @param words without the program's own name */
export function projectOfArguments(words: readonly string[], workingDir: string): string | null {
  for (const word of words) {
    const dir = word.startsWith('-') ? null : projectOfPath(word, workingDir);
    if (dir !== null) return dir;
  }
  return null;
}
