/**
 * Settings of this person on this machine, recent projects, and the machine's measured speed: small JSON files in the data folder.
 *
 * Written whole or not at all; a file that cannot be read is set aside and the defaults are used.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { RecentProjectInfo, SettingsInfo } from '#core/contract/info';
import { parseSettings } from '#core/contract/settings';
import type { WorkRates } from '#core/train/job';
import { writeWholeSync } from '#service/jobs/snapshot';

function userName(): string {
  try {
    return os.userInfo().username || 'me';
  } catch {
    return 'me';
  }
}

/** Reads JSON; what cannot be read is set aside. */
function readJson(file: string): unknown {
  if (!fs.existsSync(file)) return undefined;
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')) as unknown;
  } catch {
    fs.rmSync(`${file}.unreadable`, { force: true });
    fs.renameSync(file, `${file}.unreadable`);
    return undefined;
  }
}

/** The data folder's files. */
export interface Preferences {
  settings(): SettingsInfo;
  change(change: Readonly<Partial<Record<keyof SettingsInfo, unknown>>>): SettingsInfo;
  recent(): readonly RecentProjectInfo[];
  opened(dir: string, name: string): void;
  /** What this machine was measured to do, by `ratesKey`. */
  rates(): Readonly<Record<string, WorkRates>>;
  keepRates(key: string, measured: WorkRates): void;
}

const RECENT = 20;

/** Opens the data folder, making it where needed. */
export function openPreferences(dataDir: string): Preferences {
  fs.mkdirSync(dataDir, { recursive: true });
  const file = (name: string): string => path.join(dataDir, name);
  let settings = parseSettings(readJson(file('settings.json')), userName());
  const recent = (): RecentProjectInfo[] => {
    const list = readJson(file('recent.json'));
    return Array.isArray(list)
      ? (list as RecentProjectInfo[]).filter(
          (item) => typeof item.dir === 'string' && fs.existsSync(item.dir),
        )
      : [];
  };
  const rates = (): Record<string, WorkRates> => {
    const kept = readJson(file('rates.json'));
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, WorkRates>) : {};
  };
  return {
    settings: () => settings,
    change: (change) => {
      const known = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      settings = parseSettings({ ...settings, ...known }, settings.annotator);
      writeWholeSync(file('settings.json'), JSON.stringify(settings, null, 2));
      return settings;
    },
    recent,
    opened: (dir, name) => {
      const list = [
        { dir, name, openedAt: new Date().toISOString() },
        ...recent().filter((item) => item.dir !== dir),
      ];
      writeWholeSync(file('recent.json'), JSON.stringify(list.slice(0, RECENT), null, 2));
    },
    rates,
    keepRates: (key, measured) => {
      writeWholeSync(file('rates.json'), JSON.stringify({ ...rates(), [key]: measured }, null, 2));
    },
  };
}
