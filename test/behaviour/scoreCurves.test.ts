/**
 * Score curves from the cache to the window: what is there is listed with its labels and served as plain numbers; what is missing, cut
 * short or of a deleted model is not.
 */
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packCurves } from '#core/infer/curveFile';
import type { ScoreCurvesInfo } from '#core/contract/info';
import { applyEdits } from '#service/store/annotate';
import { curveFolder } from '#service/store/layout';
import { createProject } from '#service/store/store';
import { createService, type Service } from '#service/index';
import { addModel, newVideo } from './projectFixture.ts';

let root = '';
let service: Service;
let server: http.Server;
let base = '';
let modelId = '';
let file = '';

const VALUES = Float32Array.of(0.125, 0.25, 0.5, 1, 0, 0.75);

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-curves-'));
  const dir = path.join(root, 'p');
  const store = createProject(dir);
  store.videos.add([newVideo(1), newVideo(2)]);
  const label = { id: 'L', name: 'jump', colour: '#ff0000', key: null };
  applyEdits(
    store,
    [{ type: 'add-labels', labels: [{ ...label, parentId: null, description: '', ignore: false }] }],
    { annotator: 'me' },
    'Label',
  );
  modelId = addModel(store, dir).id;
  file = path.join(curveFolder(store.layout, modelId), 'v1.curves');
  store.close();
  const series = [
    { kind: 'label', label: 'jump' },
    { kind: 'label', label: 'läuft weg 跑' },
    { kind: 'start', label: '' },
  ] as const;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, packCurves({ startSec: 0.04, stepSec: 30, count: 2, series }, VALUES));
  service = await createService({
    dataDir: path.join(root, 'data'),
    shell: 'browser',
    mediaBase: '/media',
  });
  await service.handlers['project.open']({ dir });
  server = http.createServer((request, response) => {
    request.url = request.url?.replace(/^\/media/, '') ?? '/';
    service.media(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await service.close();
  fs.rmSync(root, { recursive: true, force: true });
});

const list = async (videoId: string): Promise<readonly ScoreCurvesInfo[]> =>
  service.handlers['predictions.curves']({ videoId, modelId: null });

describe('score curves', () => {
  it('are listed with what each row is, and served as numbers', async () => {
    const [curves, ...more] = await list('v1');
    expect(more).toEqual([]);
    expect(curves).toMatchObject({ videoId: 'v1', modelId, startSec: 0.04, stepSec: 30, count: 2 });
    expect(curves?.series).toEqual([
      { kind: 'label', label: 'jump', labelId: 'L' },
      { kind: 'label', label: 'läuft weg 跑', labelId: null },
      { kind: 'start', label: '', labelId: null },
    ]);
    const response = await fetch(`${base}${curves?.url ?? ''}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(new Float32Array(await response.arrayBuffer())).toEqual(VALUES);
  });

  it('are not there for a video without, and an unknown model or video has no address', async () => {
    expect(await list('v2')).toEqual([]);
    for (const address of [`v2/${modelId}`, 'v1/none', `none/${modelId}`, `v1/${modelId}/x`, 'v1', `v1/..`]) {
      expect((await fetch(`${base}/media/curves/${address}`)).status).toBe(404);
    }
  });

  it('that were cut short are as good as none', async () => {
    const whole = fs.readFileSync(file);
    for (const length of [0, 5, 11, 40, whole.length - 4]) {
      fs.writeFileSync(file, whole.subarray(0, length));
      expect(await list('v1')).toEqual([]);
    }
    fs.writeFileSync(file, whole);
    expect(await list('v1')).toHaveLength(1);
  });

  it('go with their model', async () => {
    await service.handlers['models.delete']({ id: modelId });
    expect(fs.existsSync(file)).toBe(false);
    expect(await list('v1')).toEqual([]);
  });
});
