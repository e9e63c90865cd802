/**
 * Every call of the contract, put together from the parts: `satisfies Handlers`, so a missing or extra one does not compile.
 */
import type { Handlers } from '#core/contract/invoke';
import type { PublishedWeights } from '#core/model/weights/published';
import { annotationHandlers } from './annotation.ts';
import type { ServiceContext } from './context.ts';
import { machineHandlers, type EngineCalls } from './machine.ts';
import { projectHandlers } from './projects.ts';
import { videoHandlers } from './videos.ts';
import { weightsHandlers } from './weights.ts';
import { workHandlers } from './work.ts';

/** All handlers of a service. */
export function createHandlers(
  context: ServiceContext,
  engines: EngineCalls,
  published: readonly PublishedWeights[],
): Handlers {
  return {
    ...projectHandlers(context),
    ...videoHandlers(context),
    ...annotationHandlers(context),
    ...workHandlers(context, () => engines.list()),
    ...weightsHandlers(context, published),
    ...machineHandlers(context, engines),
  } satisfies Handlers;
}
