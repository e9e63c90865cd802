/**
 * The environment that the service's process is started with: named variables only, so that nothing that a person's shell happens to
 * hold (NODE_OPTIONS, tokens of other programs) reaches it.
 */
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const KEPT = new Set(
  (
    'PATH HOME USER LOGNAME LANG LANGUAGE TZ TMPDIR TEMP TMP DISPLAY WAYLAND_DISPLAY XAUTHORITY LD_LIBRARY_PATH DYLD_LIBRARY_PATH ' +
    'SYSTEMROOT SYSTEMDRIVE WINDIR APPDATA LOCALAPPDATA USERPROFILE PROGRAMFILES PROGRAMDATA NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE PATHEXT COMSPEC ' +
    // What is fetched goes through a company's proxy and trusts its certificate.
    'HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR ' +
    // The compiler for TensorFlow's binding.
    'CXX'
  ).split(' '),
);
const KEPT_PREFIXES = [
  'LC_',
  'XDG_',
  'LOFI_',
  'CUDA_',
  'NVIDIA_',
  'VK_',
  'MESA_',
  'TF_',
  'OMP_',
  'ORT_',
  'PIP_',
];

/** Whatever the person's shell says: libraries that report home are told not to (docs/decisions/0094). */
const QUIET = { ORT_DISABLE_TELEMETRY: '1' } as const;

/** The variables of `from` that the service may see, and those that it always gets. */
export function serviceEnvironment(from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(from)) {
    const upper = name.toUpperCase();
    if (KEPT.has(upper) || KEPT_PREFIXES.some((prefix) => upper.startsWith(prefix))) kept[name] = value;
  }
  return { ...kept, ...QUIET };
}

/** Where settings and recent projects lie: the same folder for the desktop program, the browser shell and the command line. */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  const own = env['LOFI_DATA_DIR'];
  if (own !== undefined && own !== '') return path.resolve(own);
  const home = os.homedir();
  switch (process.platform) {
    case 'win32':
      return path.join(env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), 'LoFi Studio');
    case 'darwin':
      return path.join(home, 'Library', 'Application Support', 'LoFi Studio');
    default:
      return path.join(env['XDG_CONFIG_HOME'] ?? path.join(home, '.config'), 'LoFi Studio');
  }
}
