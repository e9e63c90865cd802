/**
 * The one wrapper around every handler: validation in front, error envelope behind. All shells pass through it.
 */
import * as v from 'valibot';
import { StudioError, toErrorInfo, type ErrorInfo } from './errors.ts';
import { invokeSchemas, type Handlers, type InvokeName } from './invoke.ts';

/** What travels back for every call. */
export type Envelope =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: ErrorInfo };

/** Whether a text is the name of a call. */
export function isInvokeName(name: unknown): name is InvokeName {
  return typeof name === 'string' && Object.hasOwn(invokeSchemas, name);
}

/** Validates, calls, and puts the outcome in an envelope; never throws. */
export async function callHandler(handlers: Handlers, name: unknown, args: unknown): Promise<Envelope> {
  try {
    if (!isInvokeName(name)) {
      throw new StudioError('wrong-usage', `There is no call named "${String(name).slice(0, 100)}".`);
    }
    const parsed = v.safeParse(invokeSchemas[name], args ?? {});
    if (!parsed.success) {
      const issue = parsed.issues[0];
      throw new StudioError(
        'wrong-usage',
        `${name}: ${v.getDotPath(issue) ?? 'arguments'}: ${issue.message}`,
      );
    }
    const handler = handlers[name] as (value: unknown) => unknown;
    return { ok: true, result: await handler(parsed.output) };
  } catch (error) {
    return { ok: false, error: toErrorInfo(error) };
  }
}
