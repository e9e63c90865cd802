/**
 * Settings of this person on this machine, recent projects, and the machine's measured speed: small JSON files in the data folder.
 *
 * Written whole or not at all; a file that cannot be read is set aside and the defaults are used.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import type { RecentProjectInfo, SettingsInfo } from '#core/contract/info';
import { writeWholeSync } from '#service/jobs/snapshot';

const settingsSchema = v.object({
  language: v.fallback(v.picklist(['system', 'en', 'zh-CN']), 'system'),
  theme: v.fallback(v.picklist(['system', 'dark', 'light', 'high-contrast']), 'system'),
  keyProfile: v.fallback(v.picklist(['nle', 'boris', 'elan', 'via']), 'nle'),
  keys: v.fallback(v.record(v.string(), v.string()), {}),
  annotator: v.fallback(v.pipe(v.string(), v.minLength(1)), () => userName()),
  engine: v.fallback(v.picklist(['auto', 'onnx', 'tensorflow', 'webgpu', 'tfjs']), 'auto'),
  reactionTimeMs: v.fallback(v.number(), 0),
  snap: v.fallback(v.boolean(), true),
  stepSeconds: v.fallback(v.number(), 1),
});

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
  /** Thousands of pixels through the encoder in a second; null before the first training. */
  speed(engine: string): number | null;
  measured(engine: string, kilopixelsPerSecond: number): void;
}

const RECENT = 20;

/** Opens the data folder, making it where needed. */
export function openPreferences(dataDir: string): Preferences {
  fs.mkdirSync(dataDir, { recursive: true });
  const file = (name: string): string => path.join(dataDir, name);
  const read = (): SettingsInfo => {
    const raw = readJson(file('settings.json'));
    return v.parse(settingsSchema, typeof raw === 'object' && raw !== null ? raw : {});
  };
  let settings = read();
  const recent = (): RecentProjectInfo[] => {
    const list = readJson(file('recent.json'));
    return Array.isArray(list)
      ? (list as RecentProjectInfo[]).filter(
          (item) => typeof item.dir === 'string' && fs.existsSync(item.dir),
        )
      : [];
  };
  const speeds = (): Record<string, number> => (readJson(file('speed.json')) ?? {}) as Record<string, number>;
  return {
    settings: () => settings,
    change: (change) => {
      const known = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      settings = v.parse(settingsSchema, { ...settings, ...known });
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
    speed: (engine) => {
      const value = speeds()[engine];
      return typeof value === 'number' && value > 0 ? value : null;
    },
    measured: (engine, kilopixelsPerSecond) => {
      writeWholeSync(file('speed.json'), JSON.stringify({ ...speeds(), [engine]: kilopixelsPerSecond }));
    },
  };
}
