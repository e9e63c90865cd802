/** The type of the charts library, so that files which only describe a figure do not load it. */
import type * as Plot from '@observablehq/plot';

/** Observable Plot, loaded. */
export type PlotModule = typeof Plot;
