import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listenOnMediaSocket, newMediaSocket } from '#service/process/mediaSocket';
import { answerApp, fileOfAddress } from './app.ts';
import { answerMedia } from './media.ts';
import { webBody } from './webBody.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'lofi protocol ü '));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('app://', () => {
  beforeAll(() => {
    mkdirSync(path.join(dir, 'page'));
    writeFileSync(path.join(dir, 'page/index.html'), '<p>page</p>');
    writeFileSync(path.join(dir, 'secret.html'), 'secret');
  });
  const answer = answerApp(path.join(dir, 'page'), 'app://studio');

  it('gives the page with strict headers', async () => {
    const response = await answer(new Request('app://studio/index.html'));
    expect([response.status, await response.text()]).toEqual([200, '<p>page</p>']);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(response.headers.get('content-security-policy')).not.toMatch(/unsafe-eval|https?:|ws:/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  });

  it('gives nothing outside its folder, of other hosts or of unknown types', async () => {
    for (const address of [
      'app://studio/..%2fsecret.html',
      'app://studio/%2e%2e/secret.html',
      'app://evil/index.html',
      'app://studio/index.exe',
      'app://studio/%00.html',
      'app://studio/%',
      'app://studio/none.html',
    ]) {
      expect((await answer(new Request(address))).status, address).toBe(404);
    }
    expect((await answer(new Request('app://studio/index.html', { method: 'POST', body: 'x' }))).status).toBe(
      404,
    );
    expect(fileOfAddress('/page', 'file:///page/index.html')).toBeNull();
  });
});

describe('media://', () => {
  const socket = newMediaSocket(dir);
  let stop: () => Promise<void>;
  let closedEarly = 0;
  let sent = 0;

  beforeAll(async () => {
    stop = await listenOnMediaSocket(socket, (request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) closedEarly += 1;
      });
      if (request.url === '/endless') {
        response.writeHead(200, { 'Content-Type': 'video/mp4' });
        const write = (): void => {
          while (!response.destroyed) {
            sent += 65_536;
            if (!response.write(Buffer.alloc(65_536))) break;
          }
          if (!response.destroyed) response.once('drain', write);
        };
        write();
        return;
      }
      response.writeHead(request.headers.range === undefined ? 200 : 206, {
        'Content-Type': 'video/mp4',
        'X-Seen': `${request.method} ${request.url} ${request.headers.range ?? ''}`,
        'Access-Control-Allow-Origin': '*',
      });
      response.end(request.method === 'HEAD' ? undefined : 'bytes');
    });
  });
  afterAll(() => stop());
  const answer = answerMedia(() => socket, 'app://studio');

  it('passes method, path and range on, and the answer back with its own headers', async () => {
    const response = await answer(
      new Request('media://studio/video/a?x=1', { headers: { range: 'bytes=1-2' } }),
    );
    expect([response.status, await response.text(), response.headers.get('x-seen')]).toEqual([
      206,
      'bytes',
      'GET /video/a?x=1 bytes=1-2',
    ]);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('access-control-allow-origin')).toBe('app://studio');
    const head = await answer(new Request('media://studio/video/a', { method: 'HEAD' }));
    expect([head.status, head.body]).toEqual([200, null]);
  });

  it('refuses other hosts and methods', async () => {
    expect((await answer(new Request('media://other/video/a'))).status).toBe(404);
    expect((await answer(new Request('media://studio/video/a', { method: 'DELETE' }))).status).toBe(404);
  });

  it('reads no more than is asked for, and closes the source when the reader leaves', async () => {
    const response = await answer(new Request('media://studio/endless'));
    const reader = response.body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    const before = closedEarly;
    await reader?.cancel();
    await vi.waitFor(() => expect(closedEarly).toBe(before + 1));
  });

  it('says when the service is away', async () => {
    expect(
      (
        await answerMedia(
          () => path.join(dir, 'no-socket'),
          'app://studio',
        )(new Request('media://studio/video/a'))
      ).status,
    ).toBe(503);
  });
});

describe('webBody', () => {
  it('gives every byte, and an error as an error', async () => {
    const chunks = Array.from({ length: 50 }, (_, i) => Buffer.alloc(1000, i));
    const whole = new Uint8Array(await new Response(webBody(Readable.from(chunks)) as never).arrayBuffer());
    expect(whole).toEqual(new Uint8Array(Buffer.concat(chunks)));
    const broken = new Readable({ read: () => undefined });
    const reading = new Response(webBody(broken) as never).text();
    broken.destroy(new Error('disk'));
    await expect(reading).rejects.toThrow();
  });
});
