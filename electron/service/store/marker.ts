/**
 * `project.lofi`: the file in a project's folder that a person double-clicks. The system knows its ending and starts the program with it.
 *
 * It holds nothing of the project: the folder it lies in is the project, so that it stays right when the folder is copied, moved or renamed, and
 * nothing is lost with it. It is written again whenever the project is opened.
 */
import fs from 'node:fs';
import type { ProjectLayout } from './layout.ts';

const WORDS = {
  format: 'LoFi Studio project',
  note: 'Opens the project in this folder. The project itself is project.sqlite; this file can be made again.',
};

/** Writes the marker where there is none. Never throws: a project without it can still be opened. */
export function leaveMarker(layout: ProjectLayout): void {
  try {
    fs.writeFileSync(layout.marker, `${JSON.stringify(WORDS, null, 2)}\n`, { flag: 'wx' });
  } catch {
    // It is there already, or the folder cannot be written.
  }
}
