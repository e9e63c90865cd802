/**
 * The shape of a benchmark: one file each in this folder, found by name by `bench NAME`, listed by `bench list`.
 *
 * A benchmark prints figures with units and never fails on time.
 */

/** What a benchmark may use. */
export interface BenchmarkContext {
  /** Options from the command line by name without dashes: `--frames 64` is `{frames: '64'}`. */
  readonly options: Readonly<Record<string, string>>;
  /** Words for the person, on standard error. */
  readonly log: (text: string) => void;
}

/** A benchmark by name. The result is printed as JSON; every figure's name carries its unit or is `{value, unit}`. */
export interface Benchmark {
  readonly name: string;
  readonly summary: string;
  run(context: BenchmarkContext): Promise<Readonly<Record<string, unknown>>>;
}
