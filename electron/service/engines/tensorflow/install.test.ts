/** The installer against a Python that misbehaves: cut-off downloads, a kill or cancel on the way, nothing to compile with. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installEngine } from './install.ts';
import { MANIFEST_FILE, readInstallation } from './installation.ts';

const WHEEL = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('installing TensorFlow', () => {
  let home: string;
  const engine = (...parts: string[]): string => join(home, 'engines', 'tensorflow', ...parts);

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'lofi-install-'));
    vi.stubEnv('LOFI_DATA', home);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true, force: true });
  });

  /** A Python whose pip does as the shell lines say when it is asked to download; `$folder` is where to. */
  function python(download: string): void {
    const file = join(home, 'python');
    const lines = [
      '#!/bin/sh',
      'case "$*" in *--version*) echo "pip 99"; exit 0;; esac',
      'while [ $# -gt 0 ]; do [ "$1" = "-d" ] && folder="$2"; shift; done',
      'mkdir -p "$folder"',
      download,
    ];
    writeFileSync(file, lines.join('\n'));
    chmodSync(file, 0o755);
    vi.stubEnv('LOFI_PYTHON', file);
  }

  const install = (signal = new AbortController().signal, gpu = false): Promise<void> =>
    installEngine('tensorflow', { gpu, signal, progress: () => {} });

  it('refuses a download that was cut short, and removes it', async () => {
    python(`printf 'PK half of it' > "$folder/${WHEEL}"`);
    await expect(install()).rejects.toMatchObject({ code: 'damaged' });
    expect(readdirSync(engine('wheels'))).toEqual([]);
    expect(existsSync(engine('current'))).toBe(false);
  });

  it('refuses a wrong wheel that lies there from before', async () => {
    mkdirSync(engine('wheels'), { recursive: true });
    writeFileSync(engine('wheels', WHEEL), 'another file');
    python('echo "no network" >&2; exit 1');
    await expect(install()).rejects.toThrow(/no network/);
    expect(readdirSync(engine('wheels'))).toEqual([]);
  });

  it('leaves nothing that passes for an installation when it is cancelled', async () => {
    python('sleep 30');
    const cancel = new AbortController();
    const running = install(cancel.signal);
    setTimeout(() => {
      cancel.abort();
    }, 300);
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    await expect(readInstallation()).rejects.toMatchObject({ code: 'engine-unavailable' });
  });

  it('does not take what a kill left for an installation', async () => {
    mkdirSync(engine('staging'), { recursive: true });
    writeFileSync(engine('staging', 'libtensorflow_cc.so.2'), 'half');
    await expect(readInstallation()).rejects.toMatchObject({ code: 'engine-unavailable' });
  });

  it('names a library that became shorter', async () => {
    mkdirSync(engine('current'), { recursive: true });
    writeFileSync(engine('current', 'libtensorflow_cc.so.2'), 'short');
    const manifest = { version: '2.21.0', gpu: false, files: { 'libtensorflow_cc.so.2': 1000 } };
    writeFileSync(engine('current', MANIFEST_FILE), JSON.stringify(manifest));
    await expect(readInstallation()).rejects.toThrow(/libtensorflow_cc\.so\.2 is damaged/);
  });

  it('says that a compiler is missing before anything is downloaded', async () => {
    python(`echo asked > "${home}/asked"; exit 1`);
    vi.stubEnv('CXX', join(home, 'no-compiler'));
    await expect(install()).rejects.toThrow(/C\+\+ compiler was not found. Install g\+\+/);
    expect(existsSync(join(home, 'asked'))).toBe(false);
  });

  it('says that Node’s headers are missing before anything is downloaded', async () => {
    python(`echo asked > "${home}/asked"; exit 1`);
    vi.stubEnv('LOFI_NODE_HEADERS', join(home, 'no-headers'));
    await expect(install()).rejects.toThrow(/headers \(node_api\.h\) were not found/);
    expect(existsSync(join(home, 'asked'))).toBe(false);
  });

  it('keeps pip’s reason when the CUDA wheel is not to be had', async () => {
    python('echo "no matching distribution for a CUDA wheel" >&2; exit 1');
    await expect(install(undefined, true)).rejects.toThrow(/no matching distribution/);
    expect(existsSync(engine('current'))).toBe(false);
    expect(readdirSync(engine('wheels'))).toEqual([]);
  });

  it('says what to install where there is no Python', async () => {
    vi.stubEnv('LOFI_PYTHON', join(home, 'none'));
    vi.stubEnv('PATH', home);
    await expect(install()).rejects.toThrow(/Install Python 3 and pip/);
  });
});
