/**
 * The history: every change of the document is one transaction that also appends here; undo and redo walk it and survive a restart.
 *
 * Undo is per person: it takes back the person's own last step, unless somebody changed the same records since. The journal keeps
 * when each step was done, undone and redone, so the document of any moment can be built. Its clock never runs backwards, even when the
 * machine's does.
 */
import {
  composePatches,
  conflictOf,
  EMPTY_PATCH,
  invertPatch,
  isEmptyPatch,
  videosOfPatch,
} from '#core/annotation/patch';
import type { DocumentPatch } from '#core/annotation/patch';
import { StudioError } from '#core/contract/errors';
import type { EditResult, HistoryEntryInfo, HistoryResult, Page } from '#core/contract/info';
import type { Connection } from './connection.ts';
import type { DocumentTable } from './document.ts';

/** What a step is called and by whom it was made. */
export interface Step {
  readonly patch: DocumentPatch;
  readonly text: string;
  readonly annotator: string;
}

/** One line of the journal beside the database: enough to do a step again on a backup. */
export interface JournalLine {
  readonly seq: number;
  readonly at: string;
  readonly action: 'do' | 'undo' | 'redo';
  readonly entryId: number;
  readonly annotator: string;
  readonly text: string;
  readonly patch: DocumentPatch;
}

interface EntryRow {
  readonly id: number;
  readonly at: string;
  readonly annotator: string;
  readonly text: string;
  readonly video_id: string | null;
  readonly state: 'active' | 'undone' | 'discarded';
  readonly patch: string;
}

/** The history of a project. */
export interface HistoryTable {
  revision(): number;
  /** Writes a step. An empty patch writes nothing and has no entry: the edit had been applied before. */
  commit(step: Step): EditResult;
  /** @throws StudioError `conflict` when somebody changed the same records since, `not-found` when there is nothing to undo */
  undo(annotator: string): HistoryResult;
  redo(annotator: string): HistoryResult;
  /** The patch from now to the document as it was at `at` (ISO 8601). @throws StudioError `bad-input` */
  patchTo(at: string): DocumentPatch;
  list(videoId: string | null, offset: number, limit: number): Page<HistoryEntryInfo>;
  /** Does a line of the journal again. @returns false when it does not fit */
  replay(line: JournalLine): boolean;
  /** Called after each commit with what was committed. */
  onCommit(listener: (line: JournalLine) => void): void;
}

const toInfo = (row: EntryRow): HistoryEntryInfo => ({
  id: row.id,
  at: row.at,
  annotator: row.annotator,
  text: row.text,
  videoId: row.video_id,
  active: row.state === 'active',
});

/** The tables `history` and `journal`. @param now the clock, in milliseconds since 1970 */
export function createHistoryTable(
  connection: Connection,
  document: DocumentTable,
  now: () => number = Date.now,
): HistoryTable {
  const listeners: ((line: JournalLine) => void)[] = [];
  const revision = (): number =>
    connection.get<{ seq: number | null }>('SELECT max(seq) AS seq FROM journal')?.seq ?? 0;
  const clock = (): string => {
    const last = connection.get<{ at: string }>('SELECT at FROM journal ORDER BY seq DESC LIMIT 1')?.at;
    const time = new Date(now()).toISOString();
    return last !== undefined && last > time ? last : time;
  };
  const entryOf = (id: number): EntryRow | undefined =>
    connection.get<EntryRow>('SELECT * FROM history WHERE id = @id', { id });
  const resultOf = (patch: DocumentPatch, entry: EntryRow | undefined): EditResult => ({
    revision: revision(),
    entry: entry === undefined ? null : toInfo(entry),
    videoIds: videosOfPatch(patch),
    labelsChanged: patch.labels.length > 0,
  });
  const log = (at: string, entryId: number, action: JournalLine['action']): number =>
    connection.run('INSERT INTO journal (at, entry_id, action) VALUES (@at, @entryId, @action)', {
      at,
      entryId,
      action,
    }).rowid;
  const tell = (line: JournalLine): void => {
    for (const listener of listeners) listener(line);
  };
  const write = (step: Step, at: string): { id: number; seq: number } => {
    const videos = videosOfPatch(step.patch);
    document.writePatch(step.patch);
    connection.run(
      "UPDATE history SET state = 'discarded' WHERE annotator = @annotator AND state = 'undone'",
      {
        annotator: step.annotator,
      },
    );
    const { rowid: id } = connection.run(
      `INSERT INTO history (at, annotator, text, video_id, state, patch) VALUES (@at, @annotator, @text, @videoId, 'active', @patch)`,
      {
        at,
        annotator: step.annotator,
        text: step.text,
        videoId: videos.length === 1 ? (videos[0] ?? null) : null,
        patch: JSON.stringify(step.patch),
      },
    );
    return { id, seq: log(at, id, 'do') };
  };
  const commit = (step: Step): EditResult => {
    if (isEmptyPatch(step.patch)) return resultOf(EMPTY_PATCH, undefined);
    const { at, id, seq } = connection.transaction(() => {
      const time = clock();
      return { at: time, ...write(step, time) };
    });
    tell({ seq, at, action: 'do', entryId: id, ...step });
    return resultOf(step.patch, entryOf(id));
  };
  const move = (entry: EntryRow, action: 'undo' | 'redo'): HistoryResult => {
    const stored = JSON.parse(entry.patch) as DocumentPatch;
    const patch = action === 'undo' ? invertPatch(stored) : stored;
    const { at, seq } = connection.transaction(() => {
      const reason = conflictOf(patch, document);
      if (reason !== null) {
        const verb = action === 'undo' ? 'undone' : 'redone';
        throw new StudioError('conflict', `"${entry.text}" cannot be ${verb}: ${reason}.`, {
          entry: entry.id,
        });
      }
      const time = clock();
      document.writePatch(patch);
      connection.run('UPDATE history SET state = @state WHERE id = @id', {
        id: entry.id,
        state: action === 'undo' ? 'undone' : 'active',
      });
      return { at: time, seq: log(time, entry.id, action) };
    });
    tell({ seq, at, action, entryId: entry.id, annotator: entry.annotator, text: entry.text, patch: stored });
    return { ...resultOf(patch, entryOf(entry.id)), patch };
  };
  return {
    revision,
    commit,
    undo: (annotator) => {
      const entry = connection.get<EntryRow>(
        "SELECT * FROM history WHERE annotator = @annotator AND state = 'active' ORDER BY id DESC LIMIT 1",
        { annotator },
      );
      if (entry === undefined) throw new StudioError('not-found', 'There is nothing to undo.');
      return move(entry, 'undo');
    },
    redo: (annotator) => {
      const entry = connection.get<EntryRow>(
        "SELECT * FROM history WHERE annotator = @annotator AND state = 'undone' ORDER BY id LIMIT 1",
        { annotator },
      );
      if (entry === undefined) throw new StudioError('not-found', 'There is nothing to redo.');
      return move(entry, 'redo');
    },
    patchTo: (at) => {
      const time = Date.parse(at);
      if (Number.isNaN(time))
        throw new StudioError('bad-input', `"${at}" is not a time. Write it as 2026-05-04T14:05:00Z.`);
      const moment = new Date(time).toISOString();
      const rows = connection.all<{ action: string; patch: string }>(
        `SELECT j.action, h.patch FROM journal j JOIN history h ON h.id = j.entry_id
         WHERE j.seq > coalesce((SELECT max(seq) FROM journal WHERE at <= @moment), 0) ORDER BY j.seq DESC`,
        { moment },
      );
      return rows.reduce((patch, row) => {
        const stored = JSON.parse(row.patch) as DocumentPatch;
        return composePatches(patch, row.action === 'undo' ? stored : invertPatch(stored));
      }, EMPTY_PATCH);
    },
    list: (videoId, offset, limit) => {
      const where = videoId === null ? '' : 'AND video_id = @videoId';
      const filter = videoId === null ? {} : { videoId };
      return {
        total:
          connection.get<{ count: number }>(
            `SELECT count(*) AS count FROM history WHERE state <> 'discarded' ${where}`,
            filter,
          )?.count ?? 0,
        items: connection
          .all<EntryRow>(
            `SELECT id, at, annotator, text, video_id, state FROM history WHERE state <> 'discarded' ${where}
             ORDER BY id DESC LIMIT @limit OFFSET @offset`,
            { ...filter, limit, offset },
          )
          .map(toInfo),
      };
    },
    replay: (line) =>
      connection.transaction(() => {
        const patch = line.action === 'undo' ? invertPatch(line.patch) : line.patch;
        if (conflictOf(patch, document) !== null) return false;
        if (line.action === 'do') {
          write({ patch, text: line.text, annotator: line.annotator }, line.at);
          return true;
        }
        const entry = entryOf(line.entryId);
        if (entry?.text !== line.text) return false;
        document.writePatch(patch);
        connection.run('UPDATE history SET state = @state WHERE id = @id', {
          id: entry.id,
          state: line.action === 'undo' ? 'undone' : 'active',
        });
        log(line.at, entry.id, line.action);
        return true;
      }),
    onCommit: (listener) => void listeners.push(listener),
  };
}
