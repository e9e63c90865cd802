/**
 * What a command of the command line may use: one JSON document on standard output, words on standard error, and SIGINT as an AbortSignal.
 */

/** Handed to every command. */
export interface CliContext {
  /** Prints exactly one JSON document on standard output. Call at most once. */
  out(json: unknown): void;
  /** A line of words on standard error. */
  log(text: string): void;
  /** Redraws the last line of standard error where it is a terminal; else prints now and then. */
  progress(text: string): void;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}
