/** Published weights in the studio: nothing is fetched before it is asked for, what comes is checked, and trainings start from it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromErrorInfo } from '#core/contract/errors';
import type { JobInfo } from '#core/contract/info';
import type { InvokeInput, InvokeName, InvokeResults } from '#core/contract/invoke';
import { callHandler } from '#core/contract/wrap';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { toTorchFile } from '#core/model/weights/checkpointFile';
import type { PublishedWeights } from '#core/model/weights/published';
import { weightsHandlers } from '#service/handlers/weights';
import { createService, type Service } from '#service/index';

let root = '';
let server: Server;
let service: Service;
const requests: string[] = [];

async function call<K extends InvokeName>(name: K, args: InvokeInput<K>): Promise<InvokeResults[K]> {
  const envelope = await callHandler(service.handlers, name, args);
  if (!envelope.ok) throw fromErrorInfo(envelope.error);
  return envelope.result as InvokeResults[K];
}

async function ended({ id }: JobInfo): Promise<JobInfo> {
  for (;;) {
    const job = (await call('jobs.list', {})).find((each) => each.id === id)!;
    if (!['queued', 'running'].includes(job.state)) return job;
    await sleep(20);
  }
}

const left = (): string[] =>
  fs.existsSync(path.join(root, 'data', 'encoders'))
    ? fs.readdirSync(path.join(root, 'data', 'encoders'))
    : [];

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-published-'));
  const tensors = new Map(
    Object.entries(initialiseEncoder(encoderByName('small'), 3)).map(([name, { shape, data }]) => [
      name,
      { type: 'F32' as const, shape, bytes: new Uint8Array(data.buffer) },
    ]),
  );
  const file = toTorchFile({ form: 'zip', tensors, otherTensors: 0, wrapper: '', facts: {} } as never);
  server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.setHeader('content-length', file.length);
    // The slow one never ends.
    if (request.url === '/slow.pth') response.write(file.subarray(0, 1000));
    else response.end(file);
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sha256Prefix = createHash('sha256').update(file).digest('hex').slice(0, 8);
  const entry = (name: string, change: Partial<PublishedWeights> = {}): PublishedWeights => ({
    name,
    encoder: 'small',
    url: `${base}/${name}.pth`,
    sizeMebibytes: null,
    sha256Prefix,
    trainedOn: 'nothing',
    source: 'this test',
    ...change,
  });
  service = await createService({
    dataDir: path.join(root, 'data'),
    shell: 'browser',
    mediaBase: '/media',
    published: [
      entry('small'),
      entry('other', { sha256Prefix: '00000000' }),
      entry('slow'),
      entry('unreachable', { url: 'http://127.0.0.1:9/unreachable.pth' }),
    ],
  });
  await call('project.create', { dir: path.join(root, 'p') });
});

afterAll(async () => {
  await service.close();
  server.closeAllConnections();
  server.close();
  fs.rmSync(root, { recursive: true, force: true });
});

it('are listed without a request, fetched when asked for, once, and planned with', async () => {
  expect((await call('weights.list', {})).map(({ folder }) => folder)).toEqual([null, null, null, null]);
  expect(requests).toEqual([]);
  expect(await ended(await call('weights.fetch', { name: 'small' }))).toMatchObject({ state: 'done' });
  expect(requests).toEqual(['/small.pth']);
  const folder = (await call('weights.list', {}))[0]?.folder ?? '';
  expect(left()).toEqual(['small']);
  expect(JSON.parse(fs.readFileSync(path.join(folder, 'model.json'), 'utf8'))).toMatchObject({
    name: 'small',
  });
  const { config, choices } = await call('train.preflight', { expert: { encoder: folder } });
  expect(config.encoder).toBe(folder);
  expect(choices.join(' ')).toContain('You set encoder');
  await expect(call('weights.fetch', { name: 'small' })).rejects.toMatchObject({ code: 'conflict' });
});

it('leave nothing behind when they are others than was published, when there is no network, and when they are cancelled', async () => {
  const other = await ended(await call('weights.fetch', { name: 'other' }));
  expect(other).toMatchObject({ state: 'failed', error: { code: 'damaged' } });
  expect(other.error?.message).toContain('SHA-256 begins with');
  const unreachable = await ended(await call('weights.fetch', { name: 'unreachable' }));
  expect(unreachable.error?.message).toContain('Is there a network? Nothing was changed.');
  const slow = await call('weights.fetch', { name: 'slow' });
  await expect(call('weights.fetch', { name: 'slow' })).rejects.toMatchObject({ code: 'conflict' });
  while (!requests.includes('/slow.pth')) await sleep(20);
  await call('jobs.cancel', { id: slow.id });
  expect((await ended(slow)).state).toBe('cancelled');
  expect(left()).toEqual(['small']);
});

it('are deleted again, but not while a training starts from them', async () => {
  const [entry] = await call('weights.list', {});
  const { folder, bytes } = entry!;
  expect(bytes).toBe(
    fs.readdirSync(folder!).reduce((sum, name) => sum + fs.statSync(path.join(folder!, name)).size, 0),
  );
  const training = {
    id: 'training',
    kind: 'train',
    title: 'Training',
    state: 'interrupted',
    request: { config: { encoder: folder } },
  };
  const busy = weightsHandlers(
    {
      dataDir: path.join(root, 'data'),
      current: () => ({ store: { jobs: { list: () => [training] } } }),
    } as never,
    [entry!],
  );
  expect(() => busy['weights.delete']({ name: 'small' })).toThrow('"Training" starts from these weights');
  expect(left()).toEqual(['small']);
  await call('weights.delete', { name: 'small' });
  expect(left()).toEqual([]);
  expect((await call('weights.list', {}))[0]).toMatchObject({ folder: null, bytes: null });
  await call('weights.delete', { name: 'small' });
  await expect(call('weights.delete', { name: 'none' })).rejects.toMatchObject({ code: 'wrong-usage' });
  expect(await ended(await call('weights.fetch', { name: 'small' }))).toMatchObject({ state: 'done' });
});
