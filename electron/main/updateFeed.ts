/**
 * Whether updates are on: only where somebody set a feed, and only over HTTPS.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

/** Reads the feed's address from `LOFI_UPDATE_FEED` or `update.json` ({"feed": "https://…"}). @returns null: updates are off */
export function updateFeed(dataDir: string, env: NodeJS.ProcessEnv = process.env): string | null {
  let address = env['LOFI_UPDATE_FEED'];
  if (address === undefined) {
    try {
      const kept = JSON.parse(readFileSync(path.join(dataDir, 'update.json'), 'utf8')) as {
        feed?: unknown;
      } | null;
      if (typeof kept?.feed === 'string') address = kept.feed;
    } catch {
      return null;
    }
  }
  return address?.startsWith('https://') === true ? address : null;
}
