/**
 * The licences of everything that is packed with the program, in one file.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { InstalledPackage } from './packages.ts';

/** What is packed without a package of npm that carries its licence. */
const OTHERS = `Electron and Chromium
The MIT License and the licences in LICENSES.chromium.html beside the program.

Node.js (the runtime of the studio service)
The MIT License; the whole text with those of its parts: https://github.com/nodejs/node/blob/main/LICENSE

FFmpeg (inside @seydx/node-av-*, a program library that the studio service loads)
This build is under the GNU General Public License, version 3 or later: it contains x264 and x265. Sources and build scripts:
https://github.com/seydx/node-av and https://github.com/jellyfin/jellyfin-ffmpeg; the terms: https://ffmpeg.org/legal.html
It runs in processes of its own (the service, its workers and decoders); LoFi Studio itself is under the Apache License 2.0.

ONNX Runtime (inside onnxruntime-node)
The MIT License: https://github.com/microsoft/onnxruntime/blob/main/LICENSE
`;

function licenceText(dir: string): string {
  const file = readdirSync(dir).find((name) => /^(licen[cs]e|copying|notice)/i.test(name));
  return file === undefined ? '' : readFileSync(path.join(dir, file), 'utf8').trim();
}

/** One text with every package's licence. */
export function describeLicences(packages: readonly InstalledPackage[]): string {
  const parts = packages.map(({ name, version, license, dir }) =>
    [`${name} ${version}`, `Licence: ${license}`, licenceText(dir)].filter((line) => line !== '').join('\n'),
  );
  const line = `\n\n${'-'.repeat(78)}\n\n`;
  return `LoFi Studio contains the work of others.\n\n${[OTHERS.trim(), ...parts].join(line)}\n`;
}
