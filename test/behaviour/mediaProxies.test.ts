/**
 * Proxies that stand in: the same frame at the same time from a short GOP, told apart from the exact one, kept within bounds, and made by itself where
 * jumps are slow.
 */
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromErrorInfo } from '#core/contract/errors';
import type { JobInfo } from '#core/contract/info';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';
import { parseSettings } from '#core/contract/settings';
import { callHandler } from '#core/contract/wrap';
import { createAutoProxy, type AutoProxyProject } from '#service/handlers/autoProxy';
import { createService, type Service } from '#service/index';
import { toJobInfo } from '#service/jobs/manager';
import { buildFrameIndex } from '#service/media/index/frameIndex';
import { seekCost } from '#service/media/index/seekCost';
import { createMedia, type MediaService } from '#service/media/service';
import { createProject, type Store } from '#service/store/store';

import { readNumber } from '../fixtures/videos/pattern.ts';
import { ONE_GOP, SHORT_GOPS } from '../fixtures/videos/seeks.ts';

let folder = '';
let long = '';
let short = '';

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(tmpdir(), 'lofi-proxies-'));
  long = path.join(folder, ONE_GOP.file);
  short = path.join(folder, SHORT_GOPS.file);
  await ONE_GOP.make(long);
  await SHORT_GOPS.make(short);
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** RGBA → RGB. */
function rgbOf(rgba: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: (rgba.length / 4) * 3 }, (_, i) => rgba[Math.floor(i / 3) * 4 + (i % 3)]!);
}

describe('a file that seeks badly', () => {
  it('says so, and one that seeks well does not', () => {
    const index = buildFrameIndex(long);
    expect(seekCost(index, 960 * 720).frames).toBe(240);
    const badge = (file: string): string | undefined =>
      buildFrameIndex(file).badges.find(({ kind }) => kind === 'slow-seek')?.text;
    // 240 × 0.69 megapixels × 0.53 ms = 88 ms: worth a copy once jumps were slow, no warning beforehand.
    expect(badge(long)).toBeUndefined();
    expect(badge(short)).toBeUndefined();
    expect(seekCost(buildFrameIndex(short), 160 * 96).frames).toBeLessThanOrEqual(12);
    const hour = Float64Array.from({ length: 5000 }, (_, i) => i);
    const keys = Float64Array.of(0, 250, 4000);
    const cost = seekCost({ identity: 'pts', ids: hour, keys: { pts: keys, dts: keys } }, 1920 * 1080);
    expect(cost.frames).toBe(3750);
    expect(seekCost({ identity: 'order', ids: hour, keys: { pts: keys, dts: keys } }, 100).frames).toBe(5000);
  });
});

describe('the service', () => {
  let service: Service;
  let server: http.Server;
  let base = '';
  const jobs = new Map<string, JobInfo>();
  async function call<K extends InvokeName>(name: K, args: InvokeInput<K>): Promise<InvokeResults[K]> {
    const envelope = await callHandler(service.handlers, name, args);
    if (!envelope.ok) throw fromErrorInfo(envelope.error);
    return envelope.result as InvokeResults[K];
  }
  beforeAll(async () => {
    service = await createService({
      dataDir: path.join(folder, 'data'),
      shell: 'browser',
      mediaBase: '/media',
    });
    service.subscribe((name, payload) => {
      if (name === 'job.changed') {
        const { job } = payload as { job: JobInfo };
        jobs.set(job.id, job);
      }
    });
    server = http.createServer(service.media);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await call('project.create', { dir: path.join(folder, 'project') });
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await service.close();
  });

  it('answers a frame from the copy with the same number and time, and says that it did', async () => {
    const { added } = await call('videos.add', { paths: [long] });
    const { id } = added[0]!;
    const frame = (number: number, query = ''): Promise<Response> =>
      fetch(`${base}/frame/${id}/${number}.rgba${query}`);
    expect((await frame(5, '?from=proxy')).status).toBe(404);
    expect((await frame(5)).headers.get('x-proxy')).toBe('none');

    const job = await call('videos.makeProxy', { id });
    await expect.poll(() => jobs.get(job.id)?.state, { timeout: 60_000 }).toBe('done');
    for (const number of [239, 0, 130, 11]) {
      const exact = await frame(number);
      const copy = await frame(number, '?from=proxy');
      expect([exact.headers.get('x-frame-source'), exact.headers.get('x-proxy')]).toEqual([
        'source',
        'ready',
      ]);
      expect([copy.headers.get('x-frame-source'), copy.headers.get('cache-control')]).toEqual([
        'proxy',
        'no-store',
      ]);
      for (const name of ['x-frame-pts', 'x-frame-size'])
        expect(copy.headers.get(name)).toBe(exact.headers.get(name));
      const [a, b] = [exact, copy].map(async (answer) => rgbOf(new Uint8Array(await answer.arrayBuffer())));
      const [original, standIn] = [await a!, await b!];
      expect([readNumber(original, 960, 720), readNumber(standIn, 960, 720)]).toEqual([number, number]);
      const error = original.reduce((sum, value, i) => sum + Math.abs(value - standIn[i]!), 0);
      expect(error / original.length).toBeLessThan(3);
    }
    expect((await frame(240, '?from=proxy')).status).toBe(400);
    expect((await frame(11, '?from=proxy&w=320')).headers.get('x-frame-size')).toBe('320x240');
  });
});

describe('room on the disk', () => {
  let media: MediaService;
  const cache = (): string => path.join(folder, 'cache');
  beforeAll(() => {
    media = createMedia({ cacheFolder: cache() });
  });
  afterAll(() => media.dispose());

  it('is not gone over: a copy too large is given up, the least recently used goes', async () => {
    await expect(media.proxy(long, { maxBytes: 2000 })).rejects.toMatchObject({ code: 'out-of-space' });
    expect(fs.readdirSync(path.join(cache(), 'proxies'))).toEqual([]);
    const first = await media.proxy(short);
    expect(fs.existsSync(first)).toBe(true);
    const second = await media.proxy(long, { keepBytes: 1 });
    expect([fs.existsSync(first), fs.existsSync(second)]).toEqual([false, true]);
    expect(await media.existingProxy(short)).toBeNull();
    const keys = buildFrameIndex(second).keys.pts;
    expect(keys.length).toBe(20);
  });
});

describe('by itself', () => {
  let store: Store;
  let media: MediaService;
  beforeAll(() => {
    store = createProject(path.join(folder, 'automatic'));
    media = createMedia({ cacheFolder: store.layout.cache });
  });
  afterAll(() => {
    media.dispose();
    store.close();
  });

  it('a copy is queued after three slow jumps, once, with the least priority, and never against a person’s will', async () => {
    const add = (file: string, id: string, width: number, height: number): void =>
      void store.videos.add([
        {
          path: file,
          contentHash: id,
          bytes: 1,
          codec: 'h264',
          width,
          height,
          durationSec: 10,
          frameCount: 240,
          timeBase: { num: 1, den: 25 },
          averageRate: { num: 25, den: 1 },
          startPts: 0,
          hasAudio: false,
          playable: true,
          badges: [],
          id,
        },
      ]);
    add(long, 'long', 960, 720);
    add(short, 'short', 160, 96);
    const project: AutoProxyProject = { store, jobs: { add: (job) => toJobInfo(store.jobs.add(job)) } };
    let autoProxy = false;
    const sawFrame = createAutoProxy(
      () => ({ ...parseSettings({}, 'me'), autoProxy }),
      () => project,
      () => media,
    );
    const jump = async (id: string, tookMs: number, times: number): Promise<number> => {
      for (let i = 0; i < times; i += 1) await sawFrame(id, tookMs);
      return store.jobs.list().length;
    };
    expect(await jump('long', 400, 9)).toBe(0);
    autoProxy = true;
    expect(await jump('long', 40, 20)).toBe(0);
    expect(await jump('short', 400, 9)).toBe(0);
    expect(await jump('long', 400, 2)).toBe(0);
    expect(await jump('long', 400, 1)).toBe(1);
    expect(await jump('long', 400, 9)).toBe(1);
    const [job] = store.jobs.list();
    expect(job).toMatchObject({ kind: 'proxy', priority: 1, request: { videoId: 'long', byItself: true } });
    store.jobs.change(job!.id, { state: 'cancelled' });
    expect(await jump('long', 400, 9)).toBe(1);
    // The copy was made, and its file was thrown away since: it may be made again.
    store.jobs.change(job!.id, { state: 'done' });
    expect(await jump('long', 400, 3)).toBe(2);
    await media.proxy(long);
    store.jobs.change(store.jobs.list()[0]!.id, { state: 'done' });
    expect(await jump('long', 400, 9)).toBe(2);
  });
});
