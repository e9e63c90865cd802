/** Published weights come over the network only when they are the published ones, and become an encoder that trainings start from. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import type { PublishedWeights } from '#core/model/weights/published';
import { toTorchFile } from '#core/model/weights/checkpointFile';
import { loadEncoder } from '#worker/modelFolder';
import { fetchWeights, publishedProblem } from '#worker/fetchWeights';
import { publishedWeights, runImport } from './modelImport.ts';

let root = '';
let server: Server;
let file: Uint8Array;
let entry: PublishedWeights;
const context = {
  signal: new AbortController().signal,
  progress: () => undefined,
  log: (text: string) => void said.push(text),
};
const said: string[] = [];

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'lofi-fetch-'));
  const tensors = new Map(
    Object.entries(initialiseEncoder(encoderByName('small'), 3)).map(([name, { shape, data }]) => [
      name,
      { type: 'F32' as const, shape, bytes: new Uint8Array(data.buffer) },
    ]),
  );
  file = toTorchFile({ form: 'zip', tensors, otherTensors: 0, wrapper: '', facts: {} } as never);
  server = createServer((request, response) => {
    if (request.url === '/small.pth') response.end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const sha256 = createHash('sha256').update(file).digest('hex');
  entry = {
    name: 'Small',
    encoder: 'small',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/small.pth`,
    sizeMebibytes: Number((file.length / 2 ** 20).toFixed(3)),
    sha256Prefix: sha256.slice(0, 8),
    trainedOn: 'nothing',
    source: 'this test',
  };
});

afterAll(async () => {
  server.close();
  await rm(root, { recursive: true, force: true });
});

describe('published weights', () => {
  it('are fetched, checked, and load as an encoder', async () => {
    const folder = path.join(root, 'good', 'encoder');
    const result = await fetchWeights(entry, folder, context);
    expect(result.sha256).toHaveLength(64);
    const { card, parameters } = await loadEncoder(folder);
    expect(card).toMatchObject({ name: 'small', about: { sha256: result.sha256 } });
    expect(Object.keys(parameters).length).toBeGreaterThan(20);
    await expect(fetchWeights(entry, folder, context)).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each([
    ['another hash', { sha256Prefix: '00000000' }, /SHA-256 begins with/],
    ['another size', { sizeMebibytes: 44.661 }, /MiB, the published file 44.661/],
  ])('with %s leave nothing behind', async (_what, change, words) => {
    const folder = path.join(root, 'bad');
    await expect(
      fetchWeights({ ...entry, ...change }, path.join(folder, 'encoder'), context),
    ).rejects.toThrow(words);
    expect(await readdir(folder)).toEqual([]);
  });

  it('say where they cannot be reached, and what a publisher does not tell', async () => {
    const missing = { ...entry, url: entry.url.replace('small', 'none') };
    await expect(fetchWeights(missing, path.join(root, 'x'), context)).rejects.toThrow(/404/);
    const closed = { ...entry, url: 'http://127.0.0.1:9/x.pth' };
    await expect(fetchWeights(closed, path.join(root, 'x'), context)).rejects.toMatchObject({
      code: 'not-found',
    });
    const silent = { ...entry, sha256Prefix: null, sizeMebibytes: null };
    await fetchWeights(silent, path.join(root, 'silent', 'encoder'), context);
    expect(said.at(-1)).toContain('no hash');
    expect(publishedProblem(publishedWeights('tsm-resnet18'), 46_830_571, 'f37072fd12')).toBeNull();
  });
});

it.each(['runs-code.pth', 'runs-code-legacy.pth'])(
  '%s, which would run code, makes nothing',
  async (name) => {
    const folder = path.join(root, 'code');
    const source = path.resolve(import.meta.dirname, '../../../test/golden/weights', name);
    await expect(runImport(source, folder)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('would run code') as string,
    });
    expect(await readdir(root)).not.toContain('code');
  },
);

it('a checkpoint of another architecture makes nothing and says what is wrong', async () => {
  const { writeFile } = await import('node:fs/promises');
  const source = path.join(root, 'small.pth');
  await writeFile(source, file);
  const folder = path.join(root, 'wrong');
  await expect(runImport(source, folder, 'tsm-resnet18')).rejects.toMatchObject({ code: 'bad-input' });
  expect(await readdir(root)).not.toContain('wrong');
  expect(await runImport(source, folder)).toMatchObject({ encoder: 'small' });
});
