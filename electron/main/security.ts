/**
 * What no page of this program may do, whatever it loads: navigate, open windows, embed, ask for permissions, reach the network.
 */
import { app, BrowserWindow, dialog, session, shell, type Session, type WebContents } from 'electron';
import { isOwnData, isOwnPage, mayOpenOutside, mayRequest } from './trust.ts';

function restrictContents(contents: WebContents, log: (line: string) => void): void {
  contents.on('will-attach-webview', (event) => event.preventDefault());
  const stay = (event: { preventDefault: () => void }, url: string): void => {
    if (isOwnPage(url)) return;
    event.preventDefault();
    log(`Navigation refused: ${url}`);
  };
  contents.on('will-navigate', (event, url) => stay(event, url));
  contents.on('will-redirect', (event, url) => stay(event, url));
  contents.setWindowOpenHandler(({ url }) => {
    if (mayOpenOutside(url)) void shell.openExternal(url);
    else log(`Window refused: ${url}`);
    return { action: 'deny' };
  });
}

/** Where the person wants a figure or a table of the page's; undefined for nowhere. */
function askWhere(contents: WebContents, defaultPath: string): string | undefined {
  const window = BrowserWindow.fromWebContents(contents);
  // A download waits for its place within this event: there is no asking later.
  return window === null ? undefined : dialog.showSaveDialogSync(window, { defaultPath });
}

/** What restrictions ask and tell. */
export interface Restrictions {
  readonly log: (line: string) => void;
  /** Requests that the person has just asked for, such as those of an update. */
  readonly askedFor: (url: string) => boolean;
}

function restrictSession(target: Session, { log, askedFor }: Restrictions): void {
  target.setPermissionRequestHandler((_contents, permission, answer) => {
    log(`Permission refused: ${permission}`);
    answer(false);
  });
  target.setPermissionCheckHandler(() => false);
  target.setDevicePermissionHandler(() => false);
  target.webRequest.onBeforeRequest(({ url }, answer) => {
    const allowed = mayRequest(url) || askedFor(url);
    if (!allowed) log(`Request refused: ${url}`);
    answer({ cancel: !allowed });
  });
  target.on('will-download', (event, item, contents) => {
    const isWanted = isOwnData(item.getURL()) && item.hasUserGesture();
    const file = isWanted ? askWhere(contents, item.getFilename()) : undefined;
    if (file === undefined || file === '') event.preventDefault();
    else item.setSavePath(file);
  });
}

/** Before `ready`: holds for every page that will ever be made. */
export function restrictPages(restrictions: Restrictions): void {
  app.on('web-contents-created', (_event, contents) => restrictContents(contents, restrictions.log));
  app.on('session-created', (created) => restrictSession(created, restrictions));
}

/** After `ready`: the default session exists before anything can listen. */
export function restrictDefaultSession(restrictions: Restrictions): void {
  restrictSession(session.defaultSession, restrictions);
}
