/** How long evaluation takes at the size of ActivityNet's validation set and beyond. */
import type { LabelledSegment, ScoredSegment } from '#core/annotation/segment';
import { evaluateDetections } from '#core/eval/meanAveragePrecision';
import { tiousOf } from '#core/eval/protocol';
import { createRandom } from '#core/util/random';
import type { Benchmark } from './benchmark.ts';

/** `bench evaluation [--videos 5000] [--predictions 100] [--classes 200]`: average-mAP at ten thresholds. */
export const bench: Benchmark = {
  name: 'evaluation',
  summary: 'mAP of 5,000 videos × 100 predictions × 200 classes at ten tIoU thresholds',
  run(context) {
    const { options } = context;
    const videos = Number(options['videos'] ?? 5000);
    const perVideo = Number(options['predictions'] ?? 100);
    const classes = Number(options['classes'] ?? 200);
    const random = createRandom(1);
    const groundTruth = new Map<string, LabelledSegment[]>();
    const predictions = new Map<string, ScoredSegment[]>();
    const segment = (): LabelledSegment => {
      const startSec = random.uniform(0, 180);
      return {
        startSec,
        endSec: startSec + random.uniform(1, 60),
        label: `class ${random.integer(classes)}`,
      };
    };
    for (let video = 0; video < videos; video += 1) {
      const truth = Array.from({ length: 1 + random.integer(4) }, segment);
      groundTruth.set(`video ${video}`, truth);
      predictions.set(
        `video ${video}`,
        Array.from({ length: perVideo }, () => {
          const label =
            random.next() < 0.5
              ? truth[random.integer(truth.length)]!.label
              : `class ${random.integer(classes)}`;
          return { ...segment(), label, score: random.next() };
        }),
      );
    }
    context.log(`${videos} videos, ${videos * perVideo} predictions, ${classes} classes`);
    const started = performance.now();
    const { averageMap } = evaluateDetections(groundTruth, predictions, tiousOf('activitynet'));
    const seconds = (performance.now() - started) / 1000;
    return Promise.resolve({
      seconds,
      videos,
      predictionsPerVideo: perVideo,
      classes,
      thresholds: 10,
      averageMap,
    });
  },
};
