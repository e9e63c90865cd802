/**
 * Edits of labels: add, change, order, delete. Names are unique whatever their case; deleting a label takes its segments along.
 */
import type { Edit } from '#core/contract/edit';
import { assertNever, StudioError } from '#core/contract/errors';
import type { DocumentReader, LabelRecord } from './document.ts';
import { EMPTY_PATCH, sameRecord } from './patch.ts';
import { deletionOf, type PlannedEdit } from './plan.ts';

type LabelEdit = Extract<Edit, { type: 'add-labels' | 'change-label' | 'order-labels' | 'delete-label' }>;

const fold = (name: string): string => name.toLocaleLowerCase();

function checkName(labels: readonly LabelRecord[], label: Pick<LabelRecord, 'id' | 'name'>): void {
  const taken = labels.find((other) => other.id !== label.id && fold(other.name) === fold(label.name));
  if (taken !== undefined) {
    throw new StudioError('conflict', `There is a label "${taken.name}" already. Choose another name.`, {
      id: taken.id,
    });
  }
}

/** @throws StudioError `bad-input` when a label would be its own ancestor */
function checkParent(labels: readonly LabelRecord[], label: LabelRecord): void {
  let parentId = label.parentId;
  for (let depth = 0; parentId !== null; depth += 1) {
    if (parentId === label.id || depth > labels.length) {
      throw new StudioError('bad-input', `"${label.name}" cannot lie below itself.`, { id: label.id });
    }
    const parent = labels.find((other) => other.id === parentId);
    if (parent === undefined) {
      throw new StudioError('not-found', `There is no label ${parentId} in this project.`, { id: parentId });
    }
    parentId = parent.parentId;
  }
}

/** Plans an edit of labels. @throws StudioError `conflict`, `not-found`, `bad-input` */
export function planLabelEdit(reader: DocumentReader, edit: LabelEdit): PlannedEdit {
  const labels = reader.labels();
  switch (edit.type) {
    case 'add-labels': {
      const all = [...labels];
      const added: LabelRecord[] = [];
      let order = labels.reduce((highest, label) => Math.max(highest, label.order), -1);
      for (const label of edit.labels) {
        if (all.some((other) => other.id === label.id)) continue;
        checkName(all, label);
        order += 1;
        const record: LabelRecord = { ...label, order };
        all.push(record);
        added.push(record);
      }
      for (const label of added) checkParent(all, label);
      const [only] = added;
      return {
        patch: { ...EMPTY_PATCH, labels: added.map((after) => ({ id: after.id, before: null, after })) },
        text:
          added.length === 1 && only !== undefined ? `Add label ${only.name}` : `Add ${added.length} labels`,
      };
    }
    case 'change-label': {
      const before = labels.find((label) => label.id === edit.label.id);
      if (before === undefined) {
        throw new StudioError('not-found', `There is no label ${edit.label.id} in this project.`, {
          id: edit.label.id,
        });
      }
      // Absent fields stay; a validator's defaults are not changes.
      const { name, colour, key, parentId, description, ignore } = edit.label;
      const after: LabelRecord = {
        ...before,
        ...(name === undefined ? {} : { name }),
        ...(colour === undefined ? {} : { colour }),
        ...(key === undefined ? {} : { key }),
        ...(parentId === undefined ? {} : { parentId }),
        ...(description === undefined ? {} : { description }),
        ...(ignore === undefined ? {} : { ignore }),
      };
      checkName(labels, after);
      checkParent(
        labels.map((label) => (label.id === after.id ? after : label)),
        after,
      );
      return {
        patch: sameRecord(before, after)
          ? EMPTY_PATCH
          : { ...EMPTY_PATCH, labels: [{ id: before.id, before, after }] },
        text:
          before.name === after.name
            ? `Change label ${before.name}`
            : `Rename ${before.name} to ${after.name}`,
      };
    }
    case 'order-labels': {
      const wanted = edit.ids.flatMap((id) => labels.find((label) => label.id === id) ?? []);
      const rest = labels.filter((label) => !edit.ids.includes(label.id));
      const changes = [...new Set([...wanted, ...rest])].flatMap((before, order) =>
        before.order === order ? [] : [{ id: before.id, before, after: { ...before, order } }],
      );
      return { patch: { ...EMPTY_PATCH, labels: changes }, text: 'Order labels' };
    }
    case 'delete-label': {
      const before = labels.find((label) => label.id === edit.id);
      if (before === undefined) return { patch: EMPTY_PATCH, text: 'Delete label' };
      const children = labels
        .filter((label) => label.parentId === before.id)
        .map((label) => ({ id: label.id, before: label, after: { ...label, parentId: before.parentId } }));
      const segments = reader.segmentsOfLabel(before.id);
      return {
        patch: {
          ...EMPTY_PATCH,
          labels: [{ id: before.id, before, after: null }, ...children],
          ...deletionOf(reader, segments),
        },
        text:
          segments.length === 0
            ? `Delete label ${before.name}`
            : `Delete label ${before.name} and its ${segments.length} segment${segments.length === 1 ? '' : 's'}`,
      };
    }
    default:
      return assertNever(edit);
  }
}
