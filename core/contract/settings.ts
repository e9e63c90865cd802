/**
 * Reads stored settings leniently: whatever is wrong or missing falls back to its default, so an old or edited file never keeps the program
 * from starting.
 */
import * as v from 'valibot';
import type { SettingsInfo } from './info.ts';

/** @param annotator the default name of the person */
export function parseSettings(raw: unknown, annotator: string): SettingsInfo {
  const schema = v.object({
    language: v.fallback(v.picklist(['system', 'en', 'zh-CN']), 'system'),
    theme: v.fallback(v.picklist(['system', 'dark', 'light', 'high-contrast']), 'system'),
    keyProfile: v.fallback(v.picklist(['nle', 'boris', 'elan', 'via']), 'nle'),
    keys: v.fallback(v.record(v.string(), v.string()), {}),
    annotator: v.fallback(v.pipe(v.string(), v.minLength(1)), annotator),
    engine: v.fallback(v.picklist(['auto', 'onnx', 'tensorflow', 'webgpu', 'tfjs']), 'auto'),
    reactionTimeMs: v.fallback(v.number(), 0),
    snap: v.fallback(v.boolean(), true),
    stepSeconds: v.fallback(v.number(), 1),
    autoProxy: v.fallback(v.boolean(), true),
    proxyGigabytes: v.fallback(v.pipe(v.number(), v.minValue(1)), 20),
  });
  return v.parse(schema, typeof raw === 'object' && raw !== null ? raw : {});
}
