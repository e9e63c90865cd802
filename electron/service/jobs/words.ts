/**
 * What a training says in words (what was planned and why, what was held out, which model is kept), kept beside its models, so that it can be
 * read again later.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { JobWords } from '#core/contract/info';

const WORDS = 'words.jsonl';

/** Adds sentences. Words are news: where they cannot be written the training goes on. */
export function keepWords(folder: string, words: readonly JobWords[]): void {
  try {
    fs.appendFileSync(
      path.join(folder, WORDS),
      words.map((each) => `${JSON.stringify({ level: each.level, text: each.text })}\n`).join(''),
    );
  } catch {
    // A full disk is told when it matters.
  }
}

/** All sentences, oldest first; a resumed training says some again, which are told once. */
export function readWords(folder: string): JobWords[] {
  let text = '';
  try {
    text = fs.readFileSync(path.join(folder, WORDS), 'utf8');
  } catch {
    return [];
  }
  const lines = [...new Set(text.split('\n').filter((line) => line !== ''))];
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as JobWords];
    } catch {
      // Cut short by a kill.
      return [];
    }
  });
}
