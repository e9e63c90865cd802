import { describe, expect, it } from 'vitest';
import { readVideoScores } from './videoScores.ts';

const read = (value: unknown, video = 'v_abc'): ReturnType<typeof readVideoScores> =>
  readVideoScores(new TextEncoder().encode(JSON.stringify(value)), 'scores.json', video);

describe('video-level scores', () => {
  it('of one video, and of many as the CUHK team writes them', () => {
    expect(read({ jump: 0.5, run: 1 })).toEqual({ labels: ['jump', 'run'], scores: [0.5, 1] });
    const many = { class: ['jump', 'run'], results: { abc: [0.25, 0.75], xyz: [1, 0] } };
    expect(read(many)).toEqual({ labels: ['jump', 'run'], scores: [0.25, 0.75] });
    expect(read(many, 'xyz').scores).toEqual([1, 0]);
    expect(read({ ...many, results: { v_abc: [1, 1] } }, 'abc').scores).toEqual([1, 1]);
  });

  it.each([
    ['a video that is not there', { class: ['a'], results: { x: [1] } }, /no scores of the video “v_abc”/],
    ['too few scores', { class: ['a', 'b'], results: { abc: [1] } }, /1 scores of the video .* 2 classes/],
    ['scores beyond 1', { class: ['a'], results: { abc: [7] } }, /from 0 to 1/],
    ['scores that are no numbers', { jump: 'high' }, /from 0 to 1/],
    ['nothing', {}, /from 0 to 1/],
    ['a list', [1], /should read/],
    ['classes that are numbers', { class: [1], results: { abc: [1] } }, /no names/],
  ])('refuses %s, naming the file', (_, value, message) => {
    expect(() => read(value)).toThrow(message);
    expect(() => read(value)).toThrow(/^scores\.json/);
  });
});
