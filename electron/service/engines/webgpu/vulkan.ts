/**
 * Whether a Vulkan driver is installed, by the manifests that the Vulkan loader looks for (LoaderDriverInterface.md, "Driver Discovery on Linux").
 *
 * Dawn asks the loader at once, and where there is no driver the loader writes warnings over the person's terminal.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

/** Folders that hold driver manifests on Linux, those of the person first. */
function manifestFolders(env: Variables): string[] {
  const home = env['HOME'] ?? '';
  const list = (value: string | undefined, otherwise: string): string[] => (value || otherwise).split(':');
  return [
    ...list(env['XDG_CONFIG_HOME'], path.join(home, '.config')),
    ...list(env['XDG_CONFIG_DIRS'], '/etc/xdg'),
    '/usr/local/etc',
    '/etc',
    ...list(env['XDG_DATA_HOME'], path.join(home, '.local/share')),
    ...list(env['XDG_DATA_DIRS'], '/usr/local/share:/usr/share'),
    '/run/opengl-driver/share',
  ].map((folder) => path.join(folder, 'vulkan/icd.d'));
}

/** On Linux: whether some manifest names a driver, or a variable names a manifest. Elsewhere always true: Vulkan is not needed. */
export function mayHaveVulkanDriver(
  platform: NodeJS.Platform = process.platform,
  env: Variables = process.env,
): boolean {
  if (platform !== 'linux') return true;
  const named = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'VK_ADD_DRIVER_FILES'];
  if (named.some((name) => Boolean(env[name]))) return true;
  return manifestFolders(env).some((folder) => {
    try {
      return readdirSync(folder).some((name) => name.endsWith('.json'));
    } catch {
      return false;
    }
  });
}
