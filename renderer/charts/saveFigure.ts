/** Figures as files: what the person sees, as SVG, and the numbers behind it, as CSV. */

/** Rows as CSV with a header; cells with separators, quotes or line ends are quoted. */
export function csvText(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const first = rows[0];
  if (first === undefined) {
    return '';
  }
  const names = Object.keys(first);
  const cell = (value: string | number | undefined): string => {
    const text = String(value ?? '');
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [
    names.map(cell).join(','),
    ...rows.map((row) => names.map((name) => cell(row[name])).join(',')),
  ].join('\n');
}

/** Offers a text as a file. */
export function saveText(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replace(/[\\/:*?"<>|]/g, '-');
  link.click();
  URL.revokeObjectURL(url);
}
