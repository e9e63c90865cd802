/**
 * From profile and the person's own changes to a map of chords, with conflicts named. Pure.
 */
import { ACTIONS, type ActionScope, type ActionSpec, type KeyProfile } from './actions.ts';

/** Chords by action and actions by chord. */
export interface Keymap {
  readonly chordsOf: ReadonlyMap<string, readonly string[]>;
  readonly actionsOf: ReadonlyMap<string, readonly string[]>;
}

/** Two actions that the same chord would start in the same place. */
export interface KeyConflict {
  readonly chord: string;
  readonly actions: readonly string[];
}

/** Whether two scopes can be active at once. */
export function scopesMeet(a: ActionScope, b: ActionScope): boolean {
  if (a === b || a === 'global' || b === 'global') {
    return true;
  }
  const pair = new Set([a, b]);
  // The player is part of Annotate and of Review.
  return pair.has('player') && (pair.has('annotate') || pair.has('review'));
}

/** Chords of an action in a profile, before the person's changes. */
export function profileChords(action: ActionSpec, profile: KeyProfile): readonly string[] {
  const own = profile === 'nle' ? undefined : action[profile];
  if (own !== undefined || profile === 'nle') {
    return own ?? action.nle;
  }
  // Inherited chords give way to chords that the profile assigns itself.
  return action.nle.filter(
    (chord) =>
      !ACTIONS.some(
        (other) =>
          other !== action && scopesMeet(other.scope, action.scope) && other[profile]?.includes(chord),
      ),
  );
}

/**
 * Builds the keymap.
 *
 * @param overrides action id → chords separated by spaces; an empty text takes the keys away
 */
export function buildKeymap(profile: KeyProfile, overrides: Readonly<Record<string, string>>): Keymap {
  const chordsOf = new Map<string, readonly string[]>();
  const actionsOf = new Map<string, string[]>();
  for (const action of ACTIONS) {
    const override = overrides[action.id];
    const chords =
      override === undefined
        ? profileChords(action, profile)
        : override.split(' ').filter((chord) => chord !== '');
    chordsOf.set(action.id, chords);
    for (const chord of chords) {
      const list = actionsOf.get(chord) ?? [];
      list.push(action.id);
      actionsOf.set(chord, list);
    }
  }
  return { chordsOf, actionsOf };
}

/** Chords that start two actions in the same place. */
export function findConflicts(keymap: Keymap): KeyConflict[] {
  const scopeOf = new Map(ACTIONS.map((action) => [action.id, action.scope]));
  const conflicts: KeyConflict[] = [];
  for (const [chord, ids] of keymap.actionsOf) {
    const clashing = ids.filter((id) =>
      ids.some((other) => other !== id && scopesMeet(scopeOf.get(id)!, scopeOf.get(other)!)),
    );
    if (clashing.length > 1) {
      conflicts.push({ chord, actions: clashing });
    }
  }
  return conflicts;
}
