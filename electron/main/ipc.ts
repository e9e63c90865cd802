/**
 * The channels between page and main: one for each call of the contract, two for dialogs, one for menus. Each goes through the same sender check; arguments are
 * validated by the service (`callHandler`), the others' here. Nothing else listens to pages.
 */
import { BrowserWindow, dialog, ipcMain, type IpcMainInvokeEvent, type OpenDialogOptions } from 'electron';
import { StudioError, toErrorInfo } from '#core/contract/errors';
import { EVENT_NAMES, type EventName } from '#core/contract/events';
import { INVOKE_NAMES } from '#core/contract/invoke';
import type { MenuActionInfo } from '#core/contract/studio';
import type { Envelope } from '#core/contract/wrap';
import { readMenuActions } from './menuActions.ts';
import { isTrustedFrame } from './trust.ts';
import type { Words } from './words.ts';

/** What the channels stand on. */
export interface IpcOptions {
  readonly call: (name: unknown, args: unknown) => Promise<Envelope>;
  readonly words: () => Words;
  readonly log: (line: string) => void;
  /** The page has told what the menus may show. */
  readonly onMenuActions: (actions: readonly MenuActionInfo[]) => void;
}

const VIDEO_ENDINGS = 'mp4 m4v mov mkv webm avi ts mts m2ts mpg mpeg wmv flv ogv 3gp gif'.split(' ');
const ANNOTATION_ENDINGS = 'json csv tsv txt eaf xml srt vtt textgrid boris'.split(' ');
const LONGEST_NAME = 200;

const KINDS = ['video', 'folder', 'project', 'annotation'] as const;
type DialogKind = (typeof KINDS)[number];

const isKind = (value: unknown): value is DialogKind => KINDS.some((kind) => kind === value);

/** What an open dialog shows. */
export function openDialogOptions(kind: DialogKind, words: Words): OpenDialogOptions {
  const all = { name: words('allFiles'), extensions: ['*'] };
  switch (kind) {
    case 'video':
      return {
        properties: ['openFile', 'multiSelections'],
        filters: [{ name: words('videoFiles'), extensions: VIDEO_ENDINGS }, all],
      };
    case 'annotation':
      return {
        properties: ['openFile'],
        filters: [{ name: words('annotationFiles'), extensions: ANNOTATION_ENDINGS }, all],
      };
    case 'folder':
      return { properties: ['openDirectory', 'createDirectory', 'multiSelections'] };
    case 'project':
      return { properties: ['openDirectory', 'createDirectory'], title: words('chooseFolder') };
  }
}

/** Asks for files or folders. @returns paths; empty when the person cancelled */
export async function askToOpen(
  window: BrowserWindow | null,
  kind: DialogKind,
  words: Words,
): Promise<readonly string[]> {
  const options = openDialogOptions(kind, words);
  const answer = await (window === null
    ? dialog.showOpenDialog(options)
    : dialog.showOpenDialog(window, options));
  return answer.canceled ? [] : answer.filePaths;
}

/** Registers every channel. Call once. */
export function registerChannels({ call, words, log, onMenuActions }: IpcOptions): void {
  const trusted = (event: IpcMainInvokeEvent, channel: string): boolean => {
    if (isTrustedFrame(event.senderFrame)) return true;
    log(`Message from a stranger refused on ${channel}`);
    return false;
  };
  for (const name of INVOKE_NAMES) {
    const channel = `studio:${name}`;
    ipcMain.handle(channel, async (event, args: unknown): Promise<Envelope> => {
      if (!trusted(event, channel)) {
        return {
          ok: false,
          error: toErrorInfo(new StudioError('not-allowed', 'Only the studio itself may call this.')),
        };
      }
      return call(name, args);
    });
  }
  ipcMain.handle('shell:setMenuActions', (event, value: unknown): null => {
    const actions = trusted(event, 'shell:setMenuActions') ? readMenuActions(value) : null;
    if (actions !== null) onMenuActions(actions);
    return null;
  });
  ipcMain.handle('shell:openDialog', async (event, kind: unknown): Promise<readonly string[]> => {
    if (!trusted(event, 'shell:openDialog') || !isKind(kind)) return [];
    return askToOpen(BrowserWindow.fromWebContents(event.sender), kind, words());
  });
  ipcMain.handle('shell:saveDialog', async (event, name: unknown): Promise<string | null> => {
    const window = BrowserWindow.fromWebContents(event.sender);
    if (!trusted(event, 'shell:saveDialog') || typeof name !== 'string' || window === null) return null;
    const defaultPath = name.replace(/[/\\:*?"<>|\0]/g, '_').slice(0, LONGEST_NAME);
    const answer = await dialog.showSaveDialog(window, { defaultPath });
    return answer.canceled || answer.filePath === '' ? null : (answer.filePath ?? null);
  });
}

const KNOWN_EVENTS: ReadonlySet<string> = new Set(EVENT_NAMES);

/** Sends news to every window. */
export function publishToWindows(name: EventName, payload: unknown): void {
  if (!KNOWN_EVENTS.has(name)) return;
  for (const window of BrowserWindow.getAllWindows()) {
    if (!window.isDestroyed() && !window.webContents.isDestroyed())
      window.webContents.send(`studio:event:${name}`, payload);
  }
}
