/**
 * What a person opens the program with: a project's folder, or the database inside it.
 */
import { statSync } from 'node:fs';
import path from 'node:path';

const DATABASE = 'project.sqlite';

/** The project that a path names; null when it names none. */
export function projectOfPath(given: string, workingDir: string): string | null {
  const full = path.resolve(workingDir, given);
  const dir = path.basename(full) === DATABASE ? path.dirname(full) : full;
  try {
    return statSync(path.join(dir, DATABASE)).isFile() ? dir : null;
  } catch {
    return null;
  }
}

/** The first project among a command line's words. @param words without the program's own name */
export function projectOfArguments(words: readonly string[], workingDir: string): string | null {
  for (const word of words) {
    const dir = word.startsWith('-') ? null : projectOfPath(word, workingDir);
    if (dir !== null) return dir;
  }
  return null;
}
