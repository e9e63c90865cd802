/** The wake lock: held while asked for, let go when told and when its process dies. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { awakeCommand, createWakeLock } from './awake.ts';

let dir = '';
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'lofi-awake-'));
});
afterEach(() => fs.rmSync(dir, { recursive: true, force: true }));

/** A stand-in for the system's tool: a file says that it holds, and goes when its input ends. */
const holder = (file: string): readonly [string, readonly string[]] => [
  process.execPath,
  [
    '-e',
    `const fs = require('fs'); const f = ${JSON.stringify(file)}; fs.writeFileSync(f, ''); process.stdin.resume(); process.stdin.on('end', () => fs.rmSync(f));`,
  ],
];
async function until(test: () => boolean): Promise<void> {
  while (!test()) await sleep(20);
}

it('holds once, lets go, and holds again', async () => {
  const file = path.join(dir, 'held');
  const lock = createWakeLock(holder(file));
  lock.set(true);
  lock.set(true);
  await until(() => fs.existsSync(file));
  lock.set(false);
  await until(() => !fs.existsSync(file));
  lock.set(true);
  await until(() => fs.existsSync(file));
  lock.set(false);
  await until(() => !fs.existsSync(file));
});

it('lets go when its process is killed', async () => {
  const file = path.join(dir, 'held');
  const script = path.join(dir, 'script.ts');
  const module = fileURLToPath(new URL('./awake.ts', import.meta.url));
  fs.writeFileSync(
    script,
    `import { createWakeLock } from ${JSON.stringify(module)}; createWakeLock(${JSON.stringify(holder(file))}).set(true); setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, [script], { stdio: 'ignore' });
  await until(() => fs.existsSync(file));
  child.kill('SIGKILL');
  await until(() => !fs.existsSync(file));
});

it('does without where the system has no such tool', async () => {
  const lock = createWakeLock([path.join(dir, 'no-such-tool'), []]);
  lock.set(true);
  await sleep(50);
  lock.set(false);
  expect(awakeCommand('linux')?.[1]).toContain('--what=idle:sleep');
  expect(awakeCommand('aix')).toBeNull();
});
