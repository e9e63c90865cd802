/** Where a Vulkan driver is looked for. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mayHaveVulkanDriver } from './vulkan.ts';

const home = mkdtempSync(path.join(tmpdir(), 'lofi-vulkan-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('Vulkan driver', () => {
  it('is there when a manifest is, or when a variable names one', () => {
    const env = { HOME: home, XDG_DATA_DIRS: path.join(home, 'share') };
    const before = mayHaveVulkanDriver('linux', env);
    mkdirSync(path.join(home, 'share/vulkan/icd.d'), { recursive: true });
    expect(mayHaveVulkanDriver('linux', env)).toBe(before);
    writeFileSync(path.join(home, 'share/vulkan/icd.d/card.json'), '{}');
    expect(mayHaveVulkanDriver('linux', env)).toBe(true);
    expect(mayHaveVulkanDriver('linux', { HOME: home, VK_DRIVER_FILES: '/x.json' })).toBe(true);
  });

  it('is not asked for where graphics do not go through Vulkan', () => {
    expect(mayHaveVulkanDriver('win32', {})).toBe(true);
    expect(mayHaveVulkanDriver('darwin', {})).toBe(true);
  });
});
