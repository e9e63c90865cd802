/**
 * Native menus. Items of the studio's own actions show their keys but do not register them: the page's key table, which a person can change,
 * is the only one that listens.
 */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import process from 'node:process';
import type { RecentProjectInfo } from '#core/contract/info';
import type { WordKey, Words } from './words.ts';

/** What the menu can do. */
export interface MenuActions {
  /** An action of the page's table, by its id. */
  readonly page: (action: string) => void;
  readonly newProject: () => void;
  readonly openProject: () => void;
  readonly openRecent: (dir: string) => void;
  readonly openSample: () => void;
  readonly addVideos: () => void;
  readonly closeProject: () => void;
  readonly copyDiagnostics: () => void;
  readonly showLog: () => void;
  readonly openPaper: () => void;
  /** Null where no feed is set. */
  readonly lookForUpdates: (() => void) | null;
  readonly quit: () => void;
}

/** What it shows. */
export interface MenuState {
  readonly words: Words;
  readonly hasProject: boolean;
  readonly recent: readonly RecentProjectInfo[];
}

const SCREENS: readonly (readonly [WordKey, string])[] = [
  ['library', 'CmdOrCtrl+1'],
  ['annotate', 'CmdOrCtrl+2'],
  ['train', 'CmdOrCtrl+3'],
  ['review', 'CmdOrCtrl+4'],
  ['evaluate', 'CmdOrCtrl+5'],
  ['models', 'CmdOrCtrl+6'],
  ['jobs', 'CmdOrCtrl+7'],
  ['settings', 'CmdOrCtrl+,'],
];
const MOST_RECENT = 10;

/** The menu as a template: plain data, so that it can be tested without a screen. */
export function menuTemplate(
  { words, hasProject, recent }: MenuState,
  actions: MenuActions,
): readonly MenuItemConstructorOptions[] {
  const pageItem = (
    key: WordKey,
    action: string,
    accelerator: string,
    enabled = true,
  ): MenuItemConstructorOptions => ({
    id: action,
    label: words(key),
    accelerator,
    registerAccelerator: false,
    enabled,
    click: () => actions.page(action),
  });
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  return [
    {
      label: words('file'),
      submenu: [
        {
          id: 'newProject',
          label: words('newProject'),
          accelerator: 'CmdOrCtrl+N',
          click: actions.newProject,
        },
        {
          id: 'openProject',
          label: words('openProject'),
          accelerator: 'CmdOrCtrl+O',
          click: actions.openProject,
        },
        {
          id: 'openRecent',
          label: words('openRecent'),
          enabled: recent.length > 0,
          submenu: recent.slice(0, MOST_RECENT).map(({ dir, name }) => ({
            label: name,
            sublabel: dir,
            toolTip: dir,
            click: () => actions.openRecent(dir),
          })),
        },
        { id: 'openSample', label: words('openSample'), click: actions.openSample },
        separator,
        { id: 'addVideos', label: words('addVideos'), enabled: hasProject, click: actions.addVideos },
        {
          id: 'closeProject',
          label: words('closeProject'),
          enabled: hasProject,
          click: actions.closeProject,
        },
        separator,
        { id: 'quit', label: words('quit'), accelerator: 'CmdOrCtrl+Q', click: actions.quit },
      ],
    },
    {
      label: words('edit'),
      submenu: [
        pageItem('undo', 'undo', 'CmdOrCtrl+Z', hasProject),
        pageItem('redo', 'redo', 'CmdOrCtrl+Shift+Z', hasProject),
        separator,
        { role: 'cut', label: words('cut') },
        { role: 'copy', label: words('copy') },
        { role: 'paste', label: words('paste') },
        { role: 'selectAll', label: words('selectAll') },
      ],
    },
    {
      label: words('go'),
      submenu: SCREENS.map(([screen, accelerator]) =>
        pageItem(screen, `go.${screen}`, accelerator, hasProject),
      ),
    },
    {
      label: words('view'),
      submenu: [
        { role: 'resetZoom', label: words('zoomReset'), accelerator: '', registerAccelerator: false },
        { role: 'zoomIn', label: words('zoomIn'), accelerator: '', registerAccelerator: false },
        { role: 'zoomOut', label: words('zoomOut'), accelerator: '', registerAccelerator: false },
        separator,
        { role: 'togglefullscreen', label: words('fullScreen') },
      ],
    },
    {
      label: words('help'),
      role: 'help',
      submenu: [
        pageItem('shortcuts', 'shortcuts', 'F1'),
        { id: 'openPaper', label: words('paper'), click: actions.openPaper },
        separator,
        { id: 'copyDiagnostics', label: words('diagnostics'), click: actions.copyDiagnostics },
        { id: 'showLog', label: words('showLog'), click: actions.showLog },
        ...(actions.lookForUpdates === null
          ? []
          : [{ id: 'lookForUpdates', label: words('updates'), click: actions.lookForUpdates }]),
      ],
    },
  ];
}

/** Sets the program's menu; on macOS the program's own menu stands first. */
export function setMenu(state: MenuState, actions: MenuActions): void {
  const template = [...menuTemplate(state, actions)];
  if (process.platform === 'darwin') template.unshift({ role: 'appMenu' });
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
