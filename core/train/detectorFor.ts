/**
 * The head that a training configuration names, for an encoder's features and a set of labels.
 */
import type { LabelledSegment } from '#core/annotation/segment';
import { SAME_SEGMENT_TIOU, temporalIou } from '#core/annotation/segment';
import type { DetectorName } from '#core/model/detector';
import { detectorConfig } from '#core/model/detectors/config';
import type { DetectorConfig } from '#core/model/detectors/config';

/** Labels that a proposal may get where several are allowed; the weak ones have low scores. */
const MULTI_LABEL_CLASSES = 5;

/** Whether some stretch of a video bears two labels. */
export function isMultiLabel(videos: readonly { readonly segments: readonly LabelledSegment[] }[]): boolean {
  return videos.some(({ segments }) =>
    segments.some((one, index) =>
      segments
        .slice(index + 1)
        .some((other) => other.label !== one.label && temporalIou(one, other) >= SAME_SEGMENT_TIOU),
    ),
  );
}

/**
 * Configuration of a head by name.
 *
 * @param multiLabel a segment may have several labels: G-TAD's proposal classifier then judges each by itself. The other heads always do.
 */
export function detectorConfigFor(
  name: DetectorName,
  inChannels: number,
  numClasses: number,
  multiLabel = false,
): DetectorConfig {
  const config = detectorConfig(name, { inChannels, numClasses });
  if (config.name !== 'g-tad' || !multiLabel) return config;
  return {
    ...config,
    classifier: { ...config.classifier, kind: 'sigmoid', topClasses: MULTI_LABEL_CLASSES },
  };
}
