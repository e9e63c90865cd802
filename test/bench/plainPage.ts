/**
 * A page in a Chromium that nobody watches, for measuring memory. What drives a browser for tests listens to the network as well, and the page's
 * process then keeps a record of every request and its answer for it, which no person's browser does. Here only keys are sent,
 * and figures asked for. The profile is a folder on the disk, as a person's is.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import WebSocket from 'ws';
import { chromiumPath } from './chromium.ts';

/** A page that can be typed into. */
export interface PlainPage {
  /** One of the protocol's commands. @throws Error what the browser answers */
  send<T>(method: string, params?: object): Promise<T>;
  /** Presses and lets go a key by its name, like `a`, `Shift+Tab`, `Control+z`. Returns once the page has handled it. */
  press(key: string, times?: number): Promise<void>;
  /** What an expression comes to, as JSON would carry it. */
  evaluate<T>(expression: string): Promise<T>;
  /** Waits until an expression is true. @throws Error after a minute */
  until(expression: string): Promise<void>;
  /** Writes a heap snapshot, which developer tools can open. */
  snapshot(file: string): Promise<void>;
}

/** Keys whose `code` does not follow from their name: code, number, and the text they type. */
const KEYS: Readonly<Record<string, readonly [code: string, number: number, text?: string]>> = {
  ' ': ['Space', 32, ' '],
  '+': ['Equal', 187, '+'],
  ']': ['BracketRight', 221, ']'],
  '\\': ['Backslash', 220, '\\'],
  Tab: ['Tab', 9],
  Escape: ['Escape', 27],
  Delete: ['Delete', 46],
  PageUp: ['PageUp', 33],
  PageDown: ['PageDown', 34],
  ArrowRight: ['ArrowRight', 39],
};
const MODIFIERS = { Alt: 1, Control: 2, Meta: 4, Shift: 8 } as const;

/** The protocol's words for a key. @throws Error for one that is not known here */
function keyOf(name: string): Record<string, unknown> {
  const parts = name === '+' ? ['+'] : name.split('+');
  const key = parts.pop()!;
  const modifiers = parts.reduce((sum, part) => sum + MODIFIERS[part as keyof typeof MODIFIERS], 0);
  const isDigit = /^\d$/.test(key);
  const plain = isDigit || /^[a-z]$/.test(key);
  const known =
    KEYS[key] ??
    (plain
      ? [`${isDigit ? 'Digit' : 'Key'}${key.toUpperCase()}`, key.toUpperCase().charCodeAt(0), key]
      : undefined);
  if (known === undefined) throw new Error(`No key is called ${key}.`);
  const [code, number, text] = known;
  return {
    key,
    code,
    modifiers,
    windowsVirtualKeyCode: number,
    ...(modifiers === 0 && text !== undefined ? { text } : {}),
  };
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly chunk: string };
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/**
 * Opens a page at 1280 × 720, until `body` is done.
 *
 * @param folder of its own, for the profile
 * @param flags more of Chromium's
 * @throws Error where Chromium does not start
 */
export async function withPlainPage<T>(
  folder: string,
  url: string,
  flags: readonly string[],
  body: (page: PlainPage) => Promise<T>,
): Promise<T> {
  const profile = path.join(folder, 'chromium');
  const browser = spawn(
    chromiumPath(),
    [
      '--headless=new',
      '--no-sandbox',
      '--no-first-run',
      '--mute-audio',
      '--disable-background-networking',
      '--disable-component-update',
      '--remote-debugging-port=0',
      '--window-size=1280,720',
      `--user-data-dir=${profile}`,
      ...flags,
      'about:blank',
    ],
    { stdio: 'ignore' },
  );
  const ended = once(browser, 'exit');
  try {
    const port = await portOf(profile);
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(targets.find((target) => target.type === 'page')!.webSocketDebuggerUrl, {
      perMessageDeflate: false,
    });
    await once(socket, 'open');
    const page = pageOn(socket);
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 1280,
      height: 720,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await page.send('Page.navigate', { url });
    const result = await body(page);
    await page.send('Browser.close').catch(() => undefined);
    return result;
  } finally {
    browser.kill();
    await ended;
  }
}

async function portOf(profile: string): Promise<string> {
  for (let tries = 0; tries < 300; tries += 1) {
    const text = await readFile(path.join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '');
    if (text.includes('\n')) return text.split('\n')[0]!;
    await wait(100);
  }
  throw new Error('Chromium did not start within half a minute.');
}

function pageOn(socket: WebSocket): PlainPage {
  const waiting = new Map<
    number,
    { readonly done: (result: unknown) => void; readonly failed: (error: Error) => void }
  >();
  let sent = 0;
  let onChunk: (chunk: string) => void = () => undefined;
  socket.on('message', (data: Buffer) => {
    const { id, method, params, result, error } = JSON.parse(data.toString()) as Answer;
    if (method === 'HeapProfiler.addHeapSnapshotChunk') onChunk(params!.chunk);
    if (id === undefined) return;
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.done(result);
    else one?.failed(new Error(error.message));
  });
  socket.on('close', () => {
    for (const { failed } of waiting.values()) failed(new Error('Chromium has ended.'));
    waiting.clear();
  });

  const page: PlainPage = {
    send: <T>(method: string, params: object = {}) =>
      new Promise<T>((done, failed) => {
        sent += 1;
        waiting.set(sent, { done: (result) => done(result as T), failed });
        socket.send(JSON.stringify({ id: sent, method, params }));
      }),
    async press(name, times = 1) {
      const key = keyOf(name);
      for (let n = 0; n < times; n += 1) {
        await page.send('Input.dispatchKeyEvent', { type: 'text' in key ? 'keyDown' : 'rawKeyDown', ...key });
        await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
      }
    },
    async evaluate<T>(expression: string) {
      const { result } = await page.send<{ result: { value: T } }>('Runtime.evaluate', {
        expression,
        returnByValue: true,
      });
      return result.value;
    },
    async until(expression) {
      for (let tries = 0; tries < 1200; tries += 1) {
        if (await page.evaluate<boolean>(`Boolean(${expression})`)) return;
        await wait(50);
      }
      throw new Error(`Not true after a minute: ${expression}`);
    },
    async snapshot(file) {
      const stream = createWriteStream(file);
      onChunk = (chunk) => void stream.write(chunk);
      await page.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
      await new Promise<void>((resolve) => stream.end(resolve));
    },
  };
  return page;
}
