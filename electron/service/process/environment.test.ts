import { describe, expect, it } from 'vitest';
import { serviceEnvironment } from './environment.ts';

describe('serviceEnvironment', () => {
  it('keeps what the service needs and drops what it must not see', () => {
    const kept = serviceEnvironment({
      PATH: '/bin',
      Path: 'C:\\',
      LANG: 'zh_CN.UTF-8',
      LOFI_DATA_DIR: '/d',
      NODE_OPTIONS: '--inspect',
      ELECTRON_RUN_AS_NODE: '1',
      SOME_TOKEN: 'secret',
      ORT_DISABLE_TELEMETRY: '0',
      https_proxy: 'http://proxy:8080',
      PIP_INDEX_URL: 'https://packages/simple',
    });
    expect(kept).toEqual({
      PATH: '/bin',
      Path: 'C:\\',
      LANG: 'zh_CN.UTF-8',
      LOFI_DATA_DIR: '/d',
      https_proxy: 'http://proxy:8080',
      PIP_INDEX_URL: 'https://packages/simple',
      ORT_DISABLE_TELEMETRY: '1',
    });
  });
});
