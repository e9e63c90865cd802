/**
 * HACS Segments JSON: ActivityNet's layout with `database` alone and lengths as texts.
 *
 * hangzhaomit/HACS-dataset README, `HACS_segments_v1.1.1.json`.
 */
import { readActivityNetFamily, writeActivityNetFamily } from '#core/formats/activitynet';
import type { FormatDefinition } from '#core/formats/format';
import { onlyFile } from '#core/formats/format';
import { encodeText } from '#core/formats/shared/text';

const dialect = { name: 'hacs', durationAsText: true, header: false } as const;

/** HACS Segments JSON. */
export const hacs: FormatDefinition = {
  name: 'hacs',
  title: 'HACS Segments JSON',
  shape: 'file',
  extension: '.json',
  read: (files, options) => readActivityNetFamily(onlyFile(files, 'HACS JSON'), options, dialect),
  write: (document, options) => ({
    files: [
      {
        path: 'HACS_segments.json',
        bytes: encodeText(`${writeActivityNetFamily(document, options, dialect)}\n`),
      },
    ],
    warnings: [],
  }),
};
