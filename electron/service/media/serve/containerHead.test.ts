import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { paintFrames, planVideo } from '#core/data/footage/footage';
import { DEFAULT_FOOTAGE } from '#core/data/footage/plan';
import { writeVideo } from '#service/media/encode';
import { createMedia } from '#service/media/service';
import { looksLikeVideo } from './containerHead.ts';
import { createMediaResponder } from './responder.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'lofi-heads-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (name: string): string => path.join(dir, name);

describe('what is sent as media', () => {
  it('is what begins like a video, whatever it is called or linked as', async () => {
    writeFileSync(at('text.mp4'), 'a secret that is no video');
    symlinkSync(at('text.mp4'), at('link.mp4'));
    const video = planVideo(1, 'training', 0, { ...DEFAULT_FOOTAGE, side: 32, durationSec: [11, 14] });
    await writeVideo(at('real.mp4'), paintFrames(video), { width: 32, height: 32, fps: { num: 6, den: 1 } });
    symlinkSync(at('real.mp4'), at('object-without-ending'));
    const media = createMedia({ cacheFolder: at('cache') });
    const respond = createMediaResponder({ media, resolve: (id) => ({ path: at(id), contentHash: null }) });
    const ask = async (name: string): Promise<unknown> => {
      const request = { method: 'HEAD', path: `/video/${name}`, headers: {} };
      return respond(request).then(
        ({ status }) => status,
        (error: { code?: string }) => error.code,
      );
    };
    const names = ['text.mp4', 'link.mp4', 'real.mp4', 'object-without-ending'];
    expect(await Promise.all(names.map(ask))).toEqual([404, 404, 200, 200]);
    media.dispose();
  });

  it('knows the containers by their first bytes', () => {
    const packets = Buffer.alloc(188 * 3);
    for (let packet = 0; packet < 3; packet += 1) packets[packet * 188] = 0x47;
    for (const head of [
      Buffer.from('\0\0\0\x20ftypisom', 'latin1'),
      Buffer.from('RIFF....AVI LIST', 'latin1'),
      Buffer.from('1a45dfa3934282886d617472', 'hex'),
      packets,
    ]) {
      expect(looksLikeVideo(head)).toBe(true);
    }
    packets[188] = 0;
    for (const head of [packets, Buffer.from('RIFF....WAVE'), Buffer.from('#!/bin/sh\n'), Buffer.alloc(0)]) {
      expect(looksLikeVideo(head)).toBe(false);
    }
  });
});
