import { describe, expect, it } from 'vitest';
import { evaluateProposals } from './averageRecall.ts';

const segment = (startSec: number, endSec: number) => ({ startSec, endSec });
const proposal = (startSec: number, endSec: number, score: number) => ({ startSec, endSec, score });

describe('evaluateProposals', () => {
  it('gives recall 1 when the best proposal is right', () => {
    const { arAt, auc } = evaluateProposals(
      { a: [segment(0, 10)] },
      { a: [proposal(0, 10, 0.9), proposal(50, 60, 0.1)] },
    );
    expect(arAt['5']).toBe(1);
    expect(auc).toBeGreaterThan(0.9);
  });

  it('counts videos without proposals as missed', () => {
    const { arAt } = evaluateProposals(
      { a: [segment(0, 10)], b: [segment(0, 10)] },
      { a: [proposal(0, 10, 1)] },
    );
    expect(arAt['100']).toBe(0.5);
  });

  it('lets one proposal find two segments', () => {
    const found = evaluateProposals({ a: [segment(0, 10), segment(0.1, 10)] }, { a: [proposal(0, 10, 1)] });
    expect(found.arAt['100']).toBe(1);
  });

  it('gives 0 when the proposals all lie in other videos', () => {
    const { auc, arAt } = evaluateProposals({ a: [segment(0, 10)] }, { b: [proposal(0, 10, 1)] });
    expect([auc, arAt['1'], arAt['100']]).toEqual([0, 0, 0]);
  });

  it('says so when there is nothing to measure', () => {
    expect(() => evaluateProposals({ a: [] }, { a: [proposal(0, 1, 1)] })).toThrow(/no segments/);
    expect(() => evaluateProposals({ a: [segment(0, 1)] }, { a: [] })).toThrow(/no proposals/);
  });
});
