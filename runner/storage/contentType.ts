const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  tsv: 'text/tab-separated-values; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  gz: 'application/gzip',
};

/** The media type of a key by its ending, so that a report in a bucket opens in a browser. */
export function contentType(key: string): string {
  return types[/\.([a-z]+)$/i.exec(key)?.[1].toLowerCase() ?? ''] ?? 'application/octet-stream';
}
