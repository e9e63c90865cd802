/**
 * Native menus. What the studio can do comes from the page's own table of actions (`menuActions.ts`), with the keys that the person has set; items show
 * them but do not register them: the page is the only one that listens.
 */
import { Menu, type MenuItemConstructorOptions } from 'electron';
import process from 'node:process';
import type { RecentProjectInfo } from '#core/contract/info';
import type { MenuActionInfo } from '#core/contract/studio';
import { acceleratorOf } from './menuActions.ts';
import type { Words } from './words.ts';

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
  /** The page's table; empty until the page is there. */
  readonly actions: readonly MenuActionInfo[];
}

const MOST_RECENT = 10;

/** The menu as a template: plain data, so that it can be tested without a screen. */
export function menuTemplate(
  { words, hasProject, recent, actions: table }: MenuState,
  actions: MenuActions,
): readonly MenuItemConstructorOptions[] {
  const pageItem = ({ id, title, chord }: MenuActionInfo, enabled: boolean): MenuItemConstructorOptions => {
    const accelerator = acceleratorOf(chord);
    return {
      id,
      label: title.replaceAll('&', '&&'),
      ...(accelerator === null ? {} : { accelerator }),
      registerAccelerator: false,
      enabled,
      click: () => actions.page(id),
    };
  };
  const named = (id: string, enabled: boolean): readonly MenuItemConstructorOptions[] =>
    table.filter((action) => action.id === id).map((action) => pageItem(action, enabled));
  const menuOf = (
    label: string,
    wanted: (action: MenuActionInfo) => boolean,
  ): readonly MenuItemConstructorOptions[] => {
    const submenu = table.filter(wanted).map((action) => pageItem(action, hasProject));
    return submenu.length === 0 ? [] : [{ label, submenu }];
  };
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
        ...named('undo', hasProject),
        ...named('redo', hasProject),
        separator,
        { role: 'cut', label: words('cut') },
        { role: 'copy', label: words('copy') },
        { role: 'paste', label: words('paste') },
        { role: 'selectAll', label: words('selectAll') },
      ],
    },
    ...menuOf(words('go'), ({ id }) => id.startsWith('go.')),
    ...menuOf(words('playback'), ({ scope }) => scope === 'player'),
    ...menuOf(words('annotate'), ({ scope }) => scope === 'annotate'),
    ...menuOf(words('review'), ({ scope }) => scope === 'review'),
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
        ...named('palette', true),
        ...named('shortcuts', true),
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
