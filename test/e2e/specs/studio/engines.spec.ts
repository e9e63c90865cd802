/** Compute engines: an installation that is cancelled, one that fails, and, where the wheel is at hand, a whole one with its test. */
import { spawnSync } from 'node:child_process';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NATIVE_TENSORFLOW } from '../../../../resources/build/runtime.ts';
import { WHEELS } from '../../../../resources/build/tensorflowBinding.ts';
import { temporaryFolder } from '../../fixtures/folders.ts';
import { writeKitchen } from '../../fixtures/kitchen.ts';
import { PACKED } from '../../fixtures/desktop.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { windowPage } from '../../pages/window.ts';

/**
 * TensorFlow's wheel (tensorflow-cpu, the version that is pinned): 270 MB, so it is not fetched for a test. Packing the program fetches it, and
 * keeps it; `LOFI_TENSORFLOW_WHEEL` names another place.
 */
const WHEEL =
  process.env['LOFI_TENSORFLOW_WHEEL'] ??
  (existsSync(WHEELS) ? readdirSync(WHEELS) : [])
    .filter((name) => name.endsWith('.whl'))
    .map((name) => path.join(WHEELS, name))[0] ??
  '';
/** A package that was made without compiler or wheel cannot install the engine (docs/packaging.md). */
const hasBinding =
  PACKED === null ||
  existsSync(path.join(path.dirname(PACKED), 'resources/runtime/node_modules', NATIVE_TENSORFLOW));
const canInstall =
  hasBinding &&
  process.platform === 'linux' &&
  process.arch === 'x64' &&
  spawnSync('python3', ['-m', 'pip', '--version']).status === 0;

describe.runIf(canInstall)('installing an engine', () => {
  let data = '';
  /** A package index: it keeps everybody waiting, has nothing, or has the wheel. */
  let index: Server;
  let has: 'time' | 'nothing' | 'the wheel' = 'time';
  const waiting = new Set<ServerResponse>();
  const answer = (response: ServerResponse): void => void response.writeHead(404).end();
  const studio = useStudio(async () => {
    data = temporaryFolder('engines');
    index = createServer(({ url = '' }, response) => {
      const name = path.basename(WHEEL);
      if (has === 'time') waiting.add(response);
      else if (has === 'nothing') answer(response);
      else if (url.endsWith('.whl')) createReadStream(WHEEL).pipe(response);
      else response.setHeader('content-type', 'text/html').end(`<a href="/files/${name}">${name}</a>`);
    });
    await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
    const { port } = index.address() as AddressInfo;
    return {
      project: (await writeKitchen()).project,
      env: {
        LOFI_DATA: data,
        PIP_INDEX_URL: `http://127.0.0.1:${port}/simple`,
        PIP_EXTRA_INDEX_URL: '',
        PIP_FIND_LINKS: '',
        PIP_NO_CACHE_DIR: '1',
        // A packed program brings what would be compiled.
        ...(PACKED === null ? {} : { CXX: path.join(data, 'no-compiler') }),
      },
    };
  });
  beforeAll(async () => {
    const { page } = studio();
    await windowPage(page).goTo('settings');
    await page.getByTestId('settings-engines').click();
  });
  afterAll(() => {
    index.closeAllConnections();
    index.close();
  });
  const row = () => studio().page.getByTestId('engine-tensorflow');
  const install = () => studio().page.getByTestId('engine-install-tensorflow');
  const jobBar = () => studio().page.getByTestId('job-bar');

  it('says what is fetched while it waits, and is cancelled without leaving anything', async () => {
    await row().getByText('Not available').waitFor();
    await install().click();
    await jobBar()
      .getByText(/Downloading tensorflow-cpu [\d.]+ \(0 of 274 MB\)/)
      .waitFor();
    await expect.poll(() => waiting.size).toBeGreaterThan(0);
    expect(await install().isDisabled()).toBe(true);
    await jobBar().getByRole('button', { name: 'Cancel' }).click();
    await jobBar().getByText('Nothing is running').waitFor();
    await expect.poll(() => install().isEnabled()).toBe(true);
    const { ask } = windowPage(studio().page);
    expect((await ask('jobs.list', {}))[0]).toMatchObject({ kind: 'engine-install', state: 'cancelled' });
    expect(existsSync(path.join(data, 'engines/tensorflow/current'))).toBe(false);
    for (const response of waiting) answer(response);
  });

  it('says in pip’s own words why it failed, and can be tried again', async () => {
    const { page } = studio();
    has = 'nothing';
    await install().click();
    await page
      .getByRole('region', { name: 'Notices' })
      .getByText(/No matching distribution found/)
      .waitFor({ timeout: 60_000 });
    await jobBar().getByRole('link').click();
    await page
      .getByTestId('job')
      .first()
      .getByText(/No matching distribution found/)
      .waitFor();
    await page.getByTestId('job').first().getByRole('button', { name: 'Try again' }).waitFor();
    await windowPage(page).goTo('settings');
    await page.getByTestId('settings-engines').click();
  });

  it.runIf(WHEEL !== '')(
    'installs it whole, tests it and takes it (where the wheel is at hand: packing fetches it, or LOFI_TENSORFLOW_WHEEL names it)',
    async () => {
      const { page } = studio();
      has = 'the wheel';
      await install().click();
      await row().getByText('Self-test passed').waitFor({ timeout: 500_000 });
      await page.getByTestId('engine-onnx').getByText('Self-test passed').waitFor();
      const test = page.getByTestId('engine-test-tensorflow');
      await test.click();
      // The test runs apart: whoever works meanwhile is answered before it ends.
      const isBusy = () => test.getAttribute('aria-busy');
      await expect.poll(isBusy).toBe('true');
      await windowPage(page).ask('settings.get', {});
      expect(await isBusy()).toBe('true');
      await expect.poll(isBusy, { timeout: 200_000 }).toBe('false');
      await row().getByText('Self-test passed').waitFor();
      await row().getByRole('radio').check();
      await expect
        .poll(async () => (await windowPage(page).ask('settings.get', {})).engine)
        .toBe('tensorflow');
    },
    600_000,
  );
});
