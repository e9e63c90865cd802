/**
 * Where engines and what is known of them are kept: a folder of the user, never the project's or the program's.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The program's data folder of this user. `LOFI_DATA` moves it, as `LOFI_DATA_DIR` does for everything that the program keeps. */
export function dataFolder(): string {
  const given = process.env['LOFI_DATA'] ?? process.env['LOFI_DATA_DIR'];
  if (given !== undefined && given !== '') return given;
  if (process.platform === 'win32') return join(process.env['LOCALAPPDATA'] ?? homedir(), 'lofi-studio');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'lofi-studio');
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'lofi-studio');
}

/** Folder of one engine's files. */
export function engineFolder(name: string): string {
  return join(dataFolder(), 'engines', name);
}
