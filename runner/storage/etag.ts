/** The version of an object by its ETag: without quotes, and without the mark of a weak one. */
export function etagVersion(etag: string | undefined): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '');
}
