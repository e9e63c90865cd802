/** Published weights on the Models screen: nothing is fetched unasked, a fetch is watched, cancelled and refused, and what came is deleted again. */
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encoderByName } from '#core/model/encoder/catalogue';
import { initialiseEncoder } from '#core/model/encoder/initialise';
import { fromTensorMap } from '#core/model/weights/storedTensor';
import { writeTorchFile } from '#core/model/weights/torchWriter';
import { writeKitchen } from '../../fixtures/kitchen.ts';
import { useStudio } from '../../fixtures/spec.ts';
import { windowPage } from '../../pages/window.ts';

const TSM = 'TSM ResNet-50, dense sampling';
const FETCH_DEADLINE_MS = 60_000;

describe('published weights', () => {
  const requests: string[] = [];
  /** Ends the answers that wait; later ones do not wait. */
  let release = (): void => undefined;
  let server: Server;
  const studio = useStudio(async () => {
    // The one file without a published hash: any weights of the same architecture do.
    const weights = initialiseEncoder(encoderByName('tsm-resnet50'), 1);
    const file = Buffer.from(writeTorchFile(fromTensorMap(weights)));
    let isOpen = false;
    const waiting: (() => void)[] = [];
    release = () => {
      isOpen = true;
      for (const end of waiting) end();
    };
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      if (!request.url?.includes('dense')) {
        response.writeHead(404).end();
        return;
      }
      response.setHeader('content-length', file.length);
      const half = file.length >> 1;
      response.write(file.subarray(0, half));
      const end = (): void => void response.end(file.subarray(half));
      if (isOpen) end();
      else waiting.push(end);
    });
    await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
    process.env['LOFI_WEIGHTS_MIRROR'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return { project: (await writeKitchen()).project };
  });
  const entry = (name: string) =>
    studio().page.getByTestId('published-weights').filter({ hasText: name }).first();
  const left = (): string[] => {
    const folder = path.join(studio().dataDir, 'encoders');
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  beforeAll(async () => {
    await studio().page.getByTestId('nav-library').waitFor();
    await windowPage(studio().page).goTo('models');
  });
  afterAll(() => {
    delete process.env['LOFI_WEIGHTS_MIRROR'];
    server.closeAllConnections();
    server.close();
  });

  it('are told with address, size and hash before anything is fetched', async () => {
    await entry('ResNet-18').getByText('SHA-256 begins with f37072fd').waitFor();
    await entry(TSM).getByText('size not published').waitFor();
    await entry(TSM).getByText(process.env['LOFI_WEIGHTS_MIRROR']!).waitFor();
    expect(requests).toEqual([]);
  });

  it('show how far a fetch is, and leave nothing when it is cancelled', async () => {
    await entry(TSM).getByTestId('weights-fetch').click();
    await entry(TSM)
      .getByText(/[1-9][\d.]* of 9\d\.\d MiB/)
      .waitFor({ timeout: FETCH_DEADLINE_MS });
    await entry(TSM).getByRole('button', { name: 'Cancel' }).click();
    await entry(TSM).getByTestId('weights-fetch').waitFor();
    expect(left()).toEqual([]);
  });

  it('say what went wrong', async () => {
    await entry('ResNet-18').getByTestId('weights-fetch').click();
    await entry('ResNet-18')
      .getByText(/resnet18-f37072fd\.pth answered 404/)
      .waitFor({
        timeout: FETCH_DEADLINE_MS,
      });
    expect(left()).toEqual([]);
  });

  it('are trained from once they are here, and deleted again with what that frees', async () => {
    const { page } = studio();
    const { ask, goTo } = windowPage(page);
    release();
    await entry(TSM).getByTestId('weights-fetch').click();
    await entry(TSM).getByText('On this machine').waitFor({ timeout: FETCH_DEADLINE_MS });
    expect(left()).toHaveLength(1);
    await entry(TSM).getByRole('button', { name: 'Train from it' }).click();
    await page.getByTestId('train').waitFor();
    await goTo('models');
    await entry(TSM)
      .getByRole('button', { name: /^Delete, frees 9\d(\.\d)? MB$/ })
      .click();
    await page
      .getByRole('dialog')
      .getByText(/Models trained from these weights keep working/)
      .waitFor();
    await page.keyboard.press('Escape');
    expect(left()).toHaveLength(1);

    await ask('settings.set', { language: 'zh-CN' });
    await entry(TSM)
      .getByRole('button', { name: /^删除，释放 9\d(\.\d)? MB$/ })
      .click();
    await page.getByTestId('weights-delete-confirm').click();
    await entry(TSM).getByRole('button', { name: '下载' }).waitFor();
    expect(left()).toEqual([]);
    await ask('settings.set', { language: 'en' });
    const { config } = await ask('train.preflight', {});
    expect(config.encoder).toBe('small');
  });
});
