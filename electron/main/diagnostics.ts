/**
 * "Copy diagnostics": what a report of a problem needs, without a path, a file name or a label of the person's.
 */

/** Facts for the report. */
export interface DiagnosticFacts {
  readonly version: string;
  readonly electron: string;
  readonly chromium: string;
  readonly system: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly locale: string;
  readonly service: string;
  readonly gpu: Readonly<Record<string, string>>;
  readonly engines: readonly {
    readonly name: string;
    readonly available: boolean;
    readonly selfTest: string;
  }[];
  readonly log: readonly string[];
}

/** Takes out whatever could be a path, an address or a name in quotes. */
export function withoutPrivateParts(line: string): string {
  return line
    .replace(/"[^"]*"/g, '"…"')
    .replace(/“[^”]*”|‘[^’]*’|「[^」]*」|'[^']*'/g, '“…”')
    .replace(/\b[a-z][a-z0-9+.-]*:\/\/\S*/gi, '<address>')
    .replace(/\b[A-Za-z]:\\.*$/g, '<path>')
    .replace(/(^|[\s(=:])(\/|~\/|\\\\).*$/g, '$1<path>');
}

/** The report as text. */
export function describeDiagnostics(facts: DiagnosticFacts): string {
  const gib = (facts.memoryBytes / 1024 ** 3).toFixed(1);
  return [
    `LoFi Studio ${facts.version}`,
    `Electron ${facts.electron}, Chromium ${facts.chromium}`,
    `${facts.system}, ${facts.cores} cores, ${gib} GiB, ${facts.locale}`,
    `Service: ${facts.service}`,
    `Graphics: ${Object.entries(facts.gpu)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    ...facts.engines.map(
      ({ name, available, selfTest }) =>
        `Engine ${name}: ${available ? 'available' : 'not available'}, self-test ${selfTest}`,
    ),
    'Log:',
    ...facts.log.map(withoutPrivateParts),
    '',
  ].join('\n');
}
