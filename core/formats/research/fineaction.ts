/**
 * FineAction JSON: ActivityNet's layout with `database` alone, `label_id` beside each label and `filename` beside each video.
 *
 * Richard-61/FineAction README, `annotations_gt.json`. Members that are not read travel back to the same format.
 */
import { readActivityNetFamily, writeActivityNetFamily } from '#core/formats/activitynet';
import type { FormatDefinition } from '#core/formats/format';
import { onlyFile } from '#core/formats/format';
import { encodeText } from '#core/formats/shared/text';

const dialect = { name: 'fineaction', header: false } as const;

/** FineAction JSON. */
export const fineaction: FormatDefinition = {
  name: 'fineaction',
  title: 'FineAction JSON',
  shape: 'file',
  extension: '.json',
  read: (files, options) => readActivityNetFamily(onlyFile(files, 'FineAction JSON'), options, dialect),
  write: (document, options) => ({
    files: [
      {
        path: 'annotations_gt.json',
        bytes: encodeText(`${writeActivityNetFamily(document, options, dialect)}\n`),
      },
    ],
    warnings: [],
  }),
};
