/**
 * What every screen hangs on: the service's connection, the program, the open project and the person's settings.
 */
import type { AppInfo, ProjectInfo, SettingsInfo } from '#core/contract/info';
import type { InvokeInput } from '#core/contract/invoke';
import { invoke, on } from '../api/studio.ts';
import { setLocale, systemLocale, t } from '../i18n/i18n.svelte.ts';
import { notify, notifyError } from './notices.svelte.ts';

interface Connection {
  readonly state: 'starting' | 'connected' | 'reconnecting' | 'failed';
  readonly message: string | null;
}

const DEFAULT_SETTINGS: SettingsInfo = {
  language: 'system',
  theme: 'system',
  keyProfile: 'nle',
  keys: {},
  annotator: '',
  engine: 'auto',
  reactionTimeMs: 200,
  autoProxy: true,
  proxyGigabytes: 20,
  snap: true,
  stepSeconds: 1,
};

class StudioState {
  connection = $state.raw<Connection>({ state: 'starting', message: null });
  app = $state.raw<AppInfo | null>(null);
  project = $state.raw<ProjectInfo | null>(null);
  settings = $state.raw<SettingsInfo>(DEFAULT_SETTINGS);
  /** Whether the theme now in force has a light ground. */
  isLight = $state(false);
  /** Grows whenever the service comes back: what was read before may be old. */
  generation = $state(0);

  readonly writable = $derived(this.project !== null && this.project.readOnlyReason === null);

  /** Prefix of a media address; without a trailing slash. */
  get mediaBase(): string {
    return this.app?.mediaBase ?? '';
  }
}

/** The one state of the program. */
export const studio = new StudioState();

const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');
const contrastQuery = window.matchMedia('(prefers-contrast: more)');

function applySettings(settings: SettingsInfo): void {
  studio.settings = settings;
  setLocale(settings.language === 'system' ? systemLocale() : settings.language);
  applyTheme();
}

function applyTheme(): void {
  const { theme } = studio.settings;
  const system = contrastQuery.matches ? 'high-contrast' : darkQuery.matches ? 'dark' : 'light';
  const inForce = theme === 'system' ? system : theme;
  document.documentElement.dataset['theme'] = inForce;
  studio.isLight = inForce === 'light';
}

/** Reads what is needed first and listens from then on. */
export async function startStudio(): Promise<void> {
  on('project.changed', ({ project }) => {
    studio.project = project;
  });
  on('settings.changed', ({ settings }) => applySettings(settings));
  on('service.state', ({ state, message }) => {
    const wasAway = studio.connection.state === 'reconnecting' || studio.connection.state === 'failed';
    studio.connection = { state, message };
    if (state === 'connected' && wasAway) {
      studio.generation += 1;
      notify(t('service.back'), 'good');
      void readFirst().catch(notifyError);
    }
  });
  darkQuery.addEventListener('change', applyTheme);
  contrastQuery.addEventListener('change', applyTheme);
  applyTheme();
  await readFirst();
  studio.connection = { state: 'connected', message: null };
}

async function readFirst(): Promise<void> {
  const [app, settings, project] = await Promise.all([
    invoke('app.info', {}),
    invoke('settings.get', {}),
    invoke('project.current', {}),
  ]);
  studio.app = app;
  studio.project = project;
  applySettings(settings);
}

/** Changes settings; the screen follows at once. */
export async function changeSettings(change: InvokeInput<'settings.set'>): Promise<void> {
  try {
    applySettings(await invoke('settings.set', change));
  } catch (error) {
    notifyError(error);
  }
}
