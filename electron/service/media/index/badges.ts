/**
 * What a person should know about a file before trusting its time: damage with from–to, variable rate, duplicates, gaps, edit lists,
 * interlacing. Plain words; nothing here decodes.
 */
import type { BadgeInfo } from '#core/contract/info';
import type { PacketScan } from './packetPass.ts';
import type { Source } from '#service/media/file/source';

/** What the decoder said of each frame, in output order. */
export interface DecodedList {
  readonly ids: readonly number[];
  readonly damaged: readonly boolean[];
  readonly isKey: readonly boolean[];
  readonly errors: number;
}

/** Frames that B-frames before an error may reach back to. */
const REACH_BACK = 2;

/**
 * Which frames are not clean: those that the decoder complained of or did not give, and those that follow until the next key frame, because
 * they are built on them. Frames that were in the packets but never came are left out of the index: nothing can be shown for them.
 *
 * @returns the times to use, and [first, last] ranges of presentation indices
 */
export function damagedRanges(
  scan: PacketScan,
  decoded: DecodedList,
  times: { readonly pts: Float64Array; readonly ids: Float64Array },
): { pts: Float64Array; ids: Float64Array; damaged: (readonly [number, number])[] } {
  const { ids } = times;
  const count = ids.length;
  const bad = new Uint8Array(count);
  const state = new Map<number, { damaged: boolean; isKey: boolean }>();
  decoded.ids.forEach((id, i) => state.set(id, { damaged: decoded.damaged[i]!, isKey: decoded.isKey[i]! }));
  let spoiled = false;
  let expected = 0;
  if (scan.identity === 'pts') {
    // Frames before the first that decodes were never meant to be shown (open GOP at a cut).
    while (expected < scan.pts.length && scan.pts[expected]! < ids[0]!) expected += 1;
  }
  for (let i = 0; i < count; i += 1) {
    const id = ids[i]!;
    let lost = false;
    if (scan.identity === 'pts' && decoded.errors > 0) {
      while (expected < scan.pts.length && scan.pts[expected]! < id) {
        lost = true;
        expected += 1;
      }
      if (scan.pts[expected] === id) expected += 1;
    }
    const now = state.get(id);
    const wrong = now?.damaged === true;
    if (now?.isKey === true && !wrong) spoiled = false;
    else if (lost || wrong) {
      if (!spoiled)
        for (let back = Math.max(0, i - REACH_BACK); back < i; back += 1) bad[back] = wrong ? 1 : bad[back]!;
      spoiled = true;
    }
    if (spoiled) bad[i] = 1;
  }
  const damaged: (readonly [number, number])[] = [];
  for (let i = 0; i < count; i += 1) {
    if (bad[i] === 0) continue;
    let last = i;
    while (last + 1 < count && bad[last + 1] === 1) last += 1;
    damaged.push([i, last]);
    i = last;
  }
  return { ...times, damaged };
}

const seconds = (value: number): string => `${value.toFixed(2)} s`;

/** The badges of a file, most serious first. */
export function describe(
  source: Source,
  scan: PacketScan,
  pts: Float64Array,
  endPts: number,
  isVfr: boolean,
  damaged: readonly (readonly [number, number])[],
  interlaced: boolean,
): BadgeInfo[] {
  const perTick = source.timeBase.num / source.timeBase.den;
  const start = pts[0]!;
  const at = (time: number): number => (time - start) * perTick;
  const badges: BadgeInfo[] = [];
  for (const [first, last] of damaged.slice(0, 20)) {
    const fromSec = at(pts[first]!);
    const toSec = at(last + 1 < pts.length ? pts[last + 1]! : endPts);
    badges.push({
      kind: 'damaged',
      text: `Damaged from ${seconds(fromSec)} to ${seconds(toSec)} (frames ${first} to ${last}); those frames are not shown.`,
      fromSec,
      toSec,
    });
  }
  const lost = scan.identity === 'pts' && scan.pts.length > pts.length ? scan.pts.length - pts.length : 0;
  const declaredSec = Number(source.format.duration) / 1e6;
  if (scan.brokenFrom !== null) {
    const fromSec = Math.max(0, at(Math.min(scan.brokenFrom, endPts)));
    const readable = at(endPts);
    const missing =
      scan.expectedCount > scan.count ? ` ${scan.expectedCount - scan.count} frames are missing.` : '';
    badges.push({
      kind: 'damaged',
      text: `The file is damaged or incomplete: readable from 0.00 s to ${seconds(readable)}, faulty from ${seconds(fromSec)}.${missing}`,
      fromSec,
      toSec: Math.max(readable, declaredSec > 0 ? declaredSec : 0, fromSec),
    });
  } else if (lost > 0 && damaged.length === 0) {
    badges.push({
      kind: 'gaps',
      text: `${lost} packet${lost === 1 ? '' : 's'} in the file make no picture (cut before a key frame) and are not counted.`,
    });
  }
  if (isVfr) {
    badges.push({
      kind: 'vfr',
      text: 'Variable frame rate: every frame keeps its own timestamp; frame numbers are not time × rate.',
    });
  }
  let duplicates = 0;
  let gaps = 0;
  let widest = 0;
  let widestAt = 0;
  for (let i = 1; i < pts.length; i += 1) {
    const step = pts[i]! - pts[i - 1]!;
    if (step === 0) duplicates += 1;
    if (scan.step > 0 && step > 4 * scan.step && step * perTick > 0.5) {
      gaps += 1;
      if (step > widest) [widest, widestAt] = [step, i - 1];
    }
  }
  if (duplicates > 0) {
    badges.push({
      kind: 'duplicates',
      text: `${duplicates} frame${duplicates === 1 ? ' has' : 's have'} the same timestamp as the one before.`,
    });
  }
  if (gaps > 0) {
    badges.push({
      kind: 'gaps',
      text: `${gaps} gap${gaps === 1 ? '' : 's'} without frames, the longest of ${seconds(widest * perTick)} at ${seconds(at(pts[widestAt]!))}.`,
      fromSec: at(pts[widestAt]!),
      toSec: at(pts[widestAt + 1]!),
    });
  }
  if (scan.restarts > 0) {
    badges.push({
      kind: 'joined',
      text: `The clock starts anew ${scan.restarts === 1 ? 'once' : `${scan.restarts} times`} inside the file (recordings joined by copying); the parts are counted on, one behind the other. Jumping is slow: a playable copy helps.`,
    });
  }
  if (scan.discarded > 0) {
    badges.push({
      kind: 'edit-list',
      text: `The file’s edit list hides ${scan.discarded} frame${scan.discarded === 1 ? '' : 's'}; they are hidden here too, as in a player.`,
    });
  }
  if (interlaced)
    badges.push({
      kind: 'interlaced',
      text: 'Interlaced: a frame holds two moments, so moving edges look like combs.',
    });
  if (scan.openKeys) {
    badges.push({
      kind: 'unplayable',
      text: 'Not every key frame can be started from (open GOP or intra refresh), so the built-in player fails when it jumps. Every frame is shown all the same; a playable copy plays with sound.',
    });
  }
  if (source.orientation.degrees !== 0) {
    badges.push({
      kind: 'rotated',
      text: `Stored turned; shown rotated by ${source.orientation.degrees}°, as in a player.`,
    });
  }
  return badges;
}
