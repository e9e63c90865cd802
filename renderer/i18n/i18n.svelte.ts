/**
 * Words in two languages. Every message stands as a pair, English and simplified Chinese, so that neither can be forgotten.
 *
 * `{name}` in a message is replaced by a parameter; `one || many` picks a form by the parameter `count` (English only).
 */
import { annotate } from './annotate.ts';
import { common } from './common.ts';
import { evaluate } from './evaluate.ts';
import { keys } from './keys.ts';
import { library } from './library.ts';
import { models } from './models.ts';
import { review } from './review.ts';
import { exchange } from './exchange.ts';
import { toChinese } from './serviceWords.ts';
import { settings } from './settings.ts';
import { train } from './train.ts';

const messages = {
  ...common,
  ...library,
  ...annotate,
  ...review,
  ...train,
  ...evaluate,
  ...models,
  ...settings,
  ...exchange,
  ...keys,
};

/** A message's key. */
export type MessageKey = keyof typeof messages;
/** What fills the holes of a message. */
export type MessageParams = Readonly<Record<string, string | number>>;
/** The languages there are. */
export type Locale = 'en' | 'zh-CN';

const state = $state({ locale: systemLocale() });

/** The language of the system, as far as we speak it. */
export function systemLocale(): Locale {
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

/** The language now in use. */
export function locale(): Locale {
  return state.locale;
}

/** Changes the language of everything on the screen. */
export function setLocale(next: Locale): void {
  state.locale = next;
  document.documentElement.lang = next;
}

/** The message in the present language. Reactive where it is read. */
export function t(key: MessageKey, params: MessageParams = {}): string {
  const pair: readonly [string, string] = messages[key];
  return fill(pair[state.locale === 'en' ? 0 : 1], params);
}

/** A sentence of the service in the present language. Reactive where it is read. */
export function said(text: string): string {
  return state.locale === 'en' ? text : toChinese(text);
}

/** Whether a text is a message's key: for names that come from outside. */
export function isMessageKey(text: string): text is MessageKey {
  return Object.hasOwn(messages, text);
}

function fill(message: string, params: MessageParams): string {
  let text = message;
  if (text.includes('||')) {
    const forms = text.split('||');
    text = (params['count'] === 1 ? forms[0]! : forms[1]!).trim();
  }
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => {
    const value = params[name];
    if (value === undefined) {
      return hole;
    }
    return typeof value === 'number' ? formatNumber(value) : value;
  });
}

/** A number with the language's separators. */
export function formatNumber(value: number, fractionDigits?: number): string {
  const options =
    fractionDigits === undefined
      ? { maximumFractionDigits: 2 }
      : { minimumFractionDigits: fractionDigits, maximumFractionDigits: fractionDigits };
  return new Intl.NumberFormat(state.locale, options).format(value);
}

/** A point in time as the person's clock shows it. */
export function formatWhen(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) {
    return iso;
  }
  const sameDay = new Date().toDateString() === date.toDateString();
  return new Intl.DateTimeFormat(
    state.locale,
    sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' },
  ).format(date);
}

/** A size in memory or on disk. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${formatNumber(value, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]!}`;
}

/** A share as whole per cent. */
export function formatPercent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** How long something takes, as roughly as it is known. */
export function formatAbout(seconds: number): string {
  if (seconds < 60) return t('time.seconds', { count: Math.max(1, Math.round(seconds)) });
  if (seconds < 5400) return t('time.minutes', { count: Math.round(seconds / 60) });
  return t('time.hours', { hours: formatNumber(seconds / 3600, 1) });
}

/** How long something still takes, in words. */
export function formatLeft(seconds: number): string {
  if (seconds < 60) {
    return t('time.secondsLeft', { count: Math.max(1, Math.round(seconds)) });
  }
  if (seconds < 5400) {
    return t('time.minutesLeft', { count: Math.round(seconds / 60) });
  }
  return t('time.hoursLeft', { hours: formatNumber(seconds / 3600, 1) });
}
