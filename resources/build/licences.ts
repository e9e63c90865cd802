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
It runs in processes of its own (the service, its workers and decoders); LoFi Studio itself is under the Apache License 2.0. Together with x264 and x265,
which this build contains, the library and a package that carries it are under the GNU General Public License, version 3 or (at your option)
any later version: its text is in licences/GPL-3.0.txt beside this file. There is no warranty, to the extent that the law allows.
Sources of every part and the scripts that build it: https://github.com/seydx/node-av and https://github.com/jellyfin/jellyfin-ffmpeg
(FFmpeg, with x264 https://code.videolan.org/videolan/x264 and x265 https://bitbucket.org/multicoreware/x265_git); FFmpeg's own words on its licence:
https://ffmpeg.org/legal.html. Whoever gives this package to others must give them these sources, too, or a written offer of them that is good for three
years (section 6 of the licence). This build of FFmpeg was configured with:
{configuration}

ONNX Runtime (inside onnxruntime-node)
The MIT License: https://github.com/microsoft/onnxruntime/blob/main/LICENSE

TensorFlow.js and its binding to TensorFlow (the packages @tensorflow/* below; the binding is compiled from the sources of one of them)
Copyright Google LLC. The Apache License 2.0: its text is in LICENSE beside this file. TensorFlow itself is not packed: whoever installs that engine fetches it.
`;

function licenceText(dir: string): string {
  return readdirSync(dir)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .map((name) => readFileSync(path.join(dir, name), 'utf8').trim())
    .join('\n\n');
}

/** One text with every package's licence. @param configuration of the FFmpeg that is packed; null where it cannot be read */
export function describeLicences(
  packages: readonly InstalledPackage[],
  configuration: string | null,
): string {
  const parts = packages.map(({ name, version, license, dir }) =>
    [`${name} ${version}`, `Licence: ${license}`, licenceText(dir)].filter((line) => line !== '').join('\n'),
  );
  const line = `\n\n${'-'.repeat(78)}\n\n`;
  return `LoFi Studio contains the work of others.\n\n${[OTHERS.trim().replace('{configuration}', configuration ?? 'unknown'), ...parts].join(line)}\n`;
}
