/** The resolved configuration as a flat list of settings that a person can change. */
import type { ExpertValue } from '../../state/training.svelte.ts';

/** Settings that are not for changing by hand. */
const FIXED = new Set(['version', 'encoder']);

/** A configuration as dotted names and values; lists are left out. */
export function flatten(config: object, prefix = ''): [string, ExpertValue][] {
  return Object.entries(config).flatMap(([key, value]: [string, unknown]): [string, ExpertValue][] => {
    const name = `${prefix}${key}`;
    if (FIXED.has(name) || Array.isArray(value)) {
      return [];
    }
    if (typeof value === 'object' && value !== null) {
      return flatten(value, `${name}.`);
    }
    return value === null || ['string', 'number', 'boolean'].includes(typeof value)
      ? [[name, value as ExpertValue]]
      : [];
  });
}

/** A value in its field: no more digits than anybody reads. */
export function shortText(value: ExpertValue): string {
  return typeof value === 'number' && !Number.isInteger(value)
    ? String(Number(value.toPrecision(4)))
    : String(value ?? '');
}

/** What a person typed, of the same kind as the former value; undefined when it is not. */
export function parseLike(former: ExpertValue, text: string): ExpertValue | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'null') {
    return former === null ? null : undefined;
  }
  if (former === null && (trimmed === 'true' || trimmed === 'false')) {
    return trimmed === 'true';
  }
  if (typeof former === 'string') {
    return trimmed;
  }
  const number = Number(trimmed);
  return Number.isFinite(number) ? number : undefined;
}
