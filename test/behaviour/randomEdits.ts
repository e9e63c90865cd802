/**
 * Random edits of a project: what property tests, kill tests and benchmarks make scripts of. Reproducible by seed.
 */
import type { DocumentReader } from '#core/annotation/document';
import type { Edit } from '#core/contract/edit';
import type { Random } from '#core/util/random';

/** What random edits may touch. */
export interface EditWorld {
  readonly reader: DocumentReader;
  readonly videoIds: readonly string[];
  readonly predictionIds: readonly string[];
  /** Ids of segments that may exist. */
  readonly segmentIds: string[];
}

/** One random edit; it may be refused (a segment that is gone, a name that is taken), as a person's may. */
export function randomEdit(world: EditWorld, random: Random, serial: number): Edit {
  const { reader, videoIds, segmentIds, predictionIds } = world;
  const pick = <T>(items: readonly T[]): T | undefined => items[random.integer(Math.max(1, items.length))];
  const videoId = pick(videoIds) ?? '';
  const video = reader.video(videoId);
  const [low, high] = [video?.startPts ?? 0, video?.endPts ?? 1];
  const time = (): number => low + random.integer(high - low);
  const range = (): { startPts: number; endPts: number } => {
    const [a, b] = [time(), time()];
    return { startPts: Math.min(a, b), endPts: Math.max(a, b) };
  };
  const labelId = pick(reader.labels())?.id;
  const segmentId = pick(segmentIds);
  const kind = random.next();
  if (labelId === undefined || kind < 0.04) {
    const label = {
      id: `L${serial}`,
      name: `label ${random.integer(30)}`,
      colour: '#123456',
      key: null,
      parentId: random.next() < 0.3 ? (labelId ?? null) : null,
      description: '',
      ignore: random.next() < 0.1,
    };
    return { type: 'add-labels', labels: [label] };
  }
  if (segmentId === undefined || kind < 0.35) {
    const count = 1 + random.integer(3);
    const segments = Array.from({ length: count }, (_, index) => {
      const id = `S${serial}-${index}`;
      segmentIds.push(id);
      return {
        id,
        videoId,
        labelId,
        ...range(),
        note: random.next() < 0.2 ? `note ${serial}` : '',
        attributes: {},
      };
    });
    return { type: 'add-segments', segments };
  }
  if (kind < 0.6) {
    const change =
      random.next() < 0.7
        ? range()
        : { labelId, note: `changed ${serial}`, attributes: { by: String(serial) } };
    return { type: 'change-segments', changes: [{ id: segmentId, ...change }] };
  }
  if (kind < 0.68) return { type: 'delete-segments', ids: [segmentId] };
  if (kind < 0.74) {
    const segment = reader.segment(segmentId);
    const newId = `P${serial}`;
    segmentIds.push(newId);
    return {
      type: 'split-segment',
      id: segmentId,
      atPts: segment === undefined ? 0 : Math.round((segment.startPts + segment.endPts) / 2),
      newId,
    };
  }
  if (kind < 0.78) return { type: 'merge-segments', ids: [segmentId, pick(segmentIds) ?? segmentId] };
  if (kind < 0.84) return { type: 'set-covered', videoId, ranges: [range(), range()] };
  if (kind < 0.88) {
    return {
      type: 'set-subset',
      videoIds: [videoId],
      subset: pick(['training', 'validation', 'testing'] as const) ?? 'training',
    };
  }
  if (kind < 0.9)
    return { type: 'order-labels', ids: random.shuffle(reader.labels().map((label) => label.id)) };
  if (kind < 0.92)
    return {
      type: 'change-label',
      label: { id: labelId, name: `label ${random.integer(30)}`, ignore: random.next() < 0.2 },
    };
  if (kind < 0.935) return { type: 'delete-label', id: labelId };
  const predictionId = pick(predictionIds);
  if (predictionId === undefined) return { type: 'order-labels', ids: [] };
  const decision = pick(['accept', 'reject', 'adjust', 'reset'] as const) ?? 'accept';
  const newId = `A${serial}`;
  segmentIds.push(newId);
  return {
    type: 'review',
    decisions: [{ predictionId, decision, segmentId: newId, ...(decision === 'adjust' ? range() : {}) }],
  };
}
