/**
 * Which screen is shown: kept in the address behind `#`, so that back, forward and reload work in the browser shell.
 */

/** The screens there are. */
export const SCREENS = [
  'library',
  'annotate',
  'train',
  'review',
  'evaluate',
  'models',
  'jobs',
  'settings',
] as const;
/** Name of a screen. */
export type Screen = (typeof SCREENS)[number];

interface Route {
  readonly screen: Screen;
  /** The screen's own subject, e.g. a video's id. */
  readonly subject: string | null;
  /** Extra instructions, e.g. `t=12.5` to jump to. */
  readonly query: Readonly<Record<string, string>>;
}

let current = $state.raw<Route>(parse(window.location.hash));
window.addEventListener('hashchange', () => {
  current = parse(window.location.hash);
});

function parse(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?');
  const [screen = '', subject = ''] = path.split('/');
  return {
    screen: SCREENS.find((name) => name === screen) ?? 'library',
    subject: subject === '' ? null : decodeURIComponent(subject),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
}

/** The screen now shown. Reactive. */
export function route(): Route {
  return current;
}

/** Goes to a screen. */
export function goTo(
  screen: Screen,
  subject: string | null = null,
  query: Readonly<Record<string, string>> = {},
): void {
  const search = new URLSearchParams(query).toString();
  const path = `#/${screen}${subject === null ? '' : `/${encodeURIComponent(subject)}`}`;
  window.location.hash = search === '' ? path : `${path}?${search}`;
}
