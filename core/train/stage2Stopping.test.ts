import { describe, expect, it } from 'vitest';
import { planEpochs } from '#core/data/fidelity';
import { STUDIO_CONFIG } from './defaults.ts';
import { canLook, epochsToLookAfter } from './stage2Stopping.ts';

const { lofi } = STUDIO_CONFIG;

describe('looks at held-out videos', () => {
  const after = (change: Partial<typeof lofi>): number[] => {
    const config = { ...lofi, epochs: 6, windowEpochs: 12, heldOutLooks: 4, ...change };
    return [...epochsToLookAfter(config, planEpochs(config))];
  };

  it('wait until the learning rate of the last phase has come down, and end with it', () => {
    expect(after({})).toEqual([14, 15, 16, 17]);
    expect(after({ heldOutLooks: 2 })).toEqual([15, 17]);
    expect(after({ encoder: { ...lofi.encoder, schedule: 'cosine' } })).toEqual([14, 15, 16, 17]);
    expect(after({ windowEpochs: 1 })).toEqual([6]);
  });

  it('are spread over the last phase where the rate stays', () => {
    expect(after({ encoder: { ...lofi.encoder, schedule: 'constant' } })).toEqual([8, 11, 14, 17]);
    expect(after({ heldOutLooks: 0 })).toEqual([]);
  });

  it('need enough held-out segments, over all videos, to tell a gain from chance', () => {
    const video = (count: number) => ({
      segments: Array.from({ length: count }, () => ({ startSec: 0, endSec: 1, label: 'a' })),
    });
    expect(canLook(lofi, [video(5), video(8)])).toBe(false);
    expect(canLook(lofi, [video(5), video(15)])).toBe(true);
    expect(canLook({}, [video(1)])).toBe(true);
    expect(canLook({}, [video(0)])).toBe(false);
  });
});
