/**
 * Small facts about a project: its name, when it was made, its own settings.
 */
import type { Connection } from './connection.ts';

/** Key → value, JSON. */
export interface MetaTable {
  get<T>(key: string): T | undefined;
  set(key: string, value: unknown): void;
}

/** The `meta` table. */
export function createMetaTable(connection: Connection): MetaTable {
  return {
    get: <T>(key: string) => {
      const row = connection.get<{ value: string }>('SELECT value FROM meta WHERE key = @key', { key });
      return row === undefined ? undefined : (JSON.parse(row.value) as T);
    },
    set: (key, value) => {
      connection.run(
        'INSERT INTO meta (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        { key, value: JSON.stringify(value) },
      );
    },
  };
}
