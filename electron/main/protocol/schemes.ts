/**
 * The two schemes of the program, registered once and before `ready`.
 *
 * `standard` gives them origins and relative addresses; without it some videos do not play at all (electron/electron#51442).
 */
import { protocol } from 'electron';

/** Call before `ready`. */
export function registerSchemes(): void {
  const privileges = { standard: true, secure: true, stream: true, supportFetchAPI: true, corsEnabled: true };
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { ...privileges, codeCache: true } },
    { scheme: 'media', privileges },
  ]);
}
