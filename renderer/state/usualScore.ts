/** Below this confidence a proposal is rarely right (0–1): hidden at first, unless there is nothing above it. */
export const USUAL_MIN_SCORE = 0.3;
