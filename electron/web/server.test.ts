import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { superviseService, type ServiceProcess } from '#service/process/supervisor';
import { connectStudio, contractAddress } from './client.ts';
import { newToken } from './security.ts';
import { startWebShell, type WebShell } from './server.ts';

const ENTRY = path.resolve(import.meta.dirname, '../../test/fixtures/service/entry.ts');

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Plain HTTP, because fetch lets nobody set Host, Origin or a path with dots. */
function ask(
  address: string,
  below: string,
  headers: http.OutgoingHttpHeaders = {},
  method = 'GET',
): Promise<Answer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, path: below, headers, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

describe('the browser shell', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'lofi-web-'));
  const token = newToken();
  let service: ServiceProcess;
  let shell: WebShell;
  let own = '';

  beforeAll(async () => {
    const page = path.join(dir, 'page');
    mkdirSync(path.join(page, 'assets'), { recursive: true });
    writeFileSync(path.join(page, 'index.html'), '<!doctype html><html><head><title>x</title></head></html>');
    writeFileSync(path.join(page, 'assets/a.js'), '1');
    writeFileSync(path.join(page, 'secret.txt'), 'unknown type');
    writeFileSync(path.join(dir, 'outside.js'), 'outside');
    symlinkSync(path.join(dir, 'outside.js'), path.join(page, 'link.js'));
    let publish: WebShell['publish'] = () => undefined;
    service = superviseService({
      node: process.execPath,
      entry: ENTRY,
      dataDir: dir,
      shell: 'browser',
      mediaBase: `/${token}/media`,
      firstPauseMs: 10,
      onEvent: (name, payload) => publish(name, payload),
      onLog: () => undefined,
    });
    shell = await startWebShell({
      token,
      port: 0,
      rendererDir: page,
      clientScript: 'client',
      call: service.call,
      state: service.state,
      mediaSocket: service.mediaSocket,
    });
    publish = shell.publish;
    await service.whenReady();
    own = new URL(shell.url).pathname;
  });
  afterAll(async () => {
    await shell.close();
    await service.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('serves the page with its own script first and strict headers', async () => {
    const answer = await ask(shell.url, own);
    expect(answer.text).toContain('<head><script src="./shell.js"></script>');
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'referrer-policy': 'no-referrer',
    });
    const policy = answer.headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe-eval');
    expect(policy).not.toMatch(/https?:/);
    expect((await ask(shell.url, `${own}shell.js`)).text).toBe('client');
    expect((await ask(shell.url, `${own}assets/a.js`)).headers['content-type']).toContain('text/javascript');
  });

  it('knows nobody without the token, from another host or from another page', async () => {
    expect((await ask(shell.url, '/')).status).toBe(404);
    expect((await ask(shell.url, `/${newToken()}/`)).status).toBe(404);
    expect((await ask(shell.url, `/${token}x/`)).status).toBe(404);
    expect((await ask(shell.url, own, { host: 'evil.example' })).status).toBe(403);
    expect((await ask(shell.url, own, { host: `127.0.0.1.evil.example:80` })).status).toBe(403);
    expect((await ask(shell.url, own, { origin: 'http://evil.example' })).status).toBe(403);
    expect((await ask(shell.url, own, { origin: 'null' })).status).toBe(403);
    expect((await ask(shell.url, own, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await ask(shell.url, own, { host: 'localhost:9999' })).status).toBe(200);
    expect((await ask(shell.url, own, {}, 'POST')).status).toBe(405);
  });

  it('gives nothing outside its folder', async () => {
    for (const below of [
      '../outside.js',
      '..%2foutside.js',
      'assets/../../outside.js',
      'link.js',
      'secret.txt',
      '%00',
      '%',
    ]) {
      expect((await ask(shell.url, own + below)).status, below).toBe(404);
    }
  });

  it('passes media on with ranges', async () => {
    const whole = await ask(shell.url, `${own}media/video/abc?x=1`);
    expect(whole).toMatchObject({ status: 200, text: '0123456789', headers: { 'x-path': '/video/abc?x=1' } });
    const part = await ask(shell.url, `${own}media/video/abc`, { range: 'bytes=2-4' });
    expect(part).toMatchObject({ status: 206, text: '234', headers: { 'content-length': '3' } });
    expect(part.headers['x-content-type-options']).toBe('nosniff');
  });

  it('lets only its own pages speak the contract', async () => {
    const opens = (address: string, headers: Record<string, string>): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = new WebSocket(address, { headers });
        socket.on('open', () => {
          socket.terminate();
          resolve(true);
        });
        socket.on('error', () => resolve(false));
      });
    const address = contractAddress(shell.url);
    const origin = new URL(shell.url).origin;
    expect(await opens(address, { origin })).toBe(true);
    expect(await opens(address, {})).toBe(false);
    expect(await opens(address, { origin: 'http://evil.example' })).toBe(false);
    expect(await opens(address.replace(token, newToken()), { origin })).toBe(false);
  });

  it('carries calls, typed errors and events, and does a repeated call once', async () => {
    const socket = new WebSocket(contractAddress(shell.url), {
      headers: { origin: new URL(shell.url).origin },
    });
    const messages: { type: string; id?: number }[] = [];
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as { type: string }));
    await new Promise((resolve) => socket.on('open', resolve));
    const send = (message: unknown): void => socket.send(JSON.stringify(message));
    const replies = async (count: number): Promise<unknown[]> => {
      while (messages.filter(({ type }) => type === 'reply').length < count) {
        await new Promise((resolve) => socket.once('message', resolve));
      }
      return messages.filter(({ type }) => type === 'reply');
    };
    send({ type: 'hello', client: 'page' });
    const call = { type: 'call', id: 1, acknowledged: 1, name: 'labels.usage', args: { id: 'a' } };
    send(call);
    send(call);
    send({ type: 'call', id: 2, acknowledged: 1, name: 'jobs.cancel', args: { id: 'j' } });
    expect(await replies(3)).toEqual([
      { type: 'reply', id: 1, envelope: { ok: true, result: { segments: 1, predictions: 0 } } },
      { type: 'reply', id: 1, envelope: { ok: true, result: { segments: 1, predictions: 0 } } },
      {
        type: 'reply',
        id: 2,
        envelope: { ok: false, error: expect.objectContaining({ code: 'not-found' }) as unknown },
      },
    ]);
    expect(messages[0]).toEqual({
      type: 'event',
      name: 'service.state',
      payload: { state: 'connected', message: null },
    });
    const closed = new Promise<number>((resolve) => socket.on('close', resolve));
    send({ type: 'nonsense' });
    expect(await closed).toBe(1008);
  });

  it('gives a page its studio, which outlives the death of the service', async () => {
    // Node's own WebSocket sends no Origin; the page's does.
    const origin = new URL(shell.url).origin;
    const native = globalThis.WebSocket;
    class PageSocket extends WebSocket {
      constructor(address: string) {
        super(address, { headers: { origin } });
      }
    }
    Object.assign(globalThis, { WebSocket: PageSocket });
    try {
      const studio = connectStudio(contractAddress(shell.url));
      const states: string[] = [];
      studio.on('service.state', ({ state }) => states.push(state));
      expect(await studio.invoke('labels.usage', { id: 'b' })).toMatchObject({ segments: 2 });
      writeFileSync(path.join(dir, 'die-in'), 'document.edit\n');
      const edit = {
        type: 'add-segments' as const,
        segments: [{ id: 's', videoId: 'v', labelId: 'l', startPts: 0, endPts: 1 }],
      };
      expect(await studio.invoke('document.edit', { edit })).toMatchObject({ revision: 1 });
      expect(states).toEqual(['connected', 'reconnecting', 'connected']);
      await expect(studio.invoke('jobs.cancel', { id: 'x' })).rejects.toMatchObject({ code: 'not-found' });
    } finally {
      Object.assign(globalThis, { WebSocket: native });
    }
  });
});
