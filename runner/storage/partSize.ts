const mebibyte = 1024 * 1024;

/** Objects larger than this are written in parts. */
export const partThreshold = 8 * mebibyte;

/** Parts that services take of one object: S3's limit, which Google Cloud Storage shares; Azure's is higher. */
const maxParts = 10_000;

/** Bytes of each part but the last: 8 MiB, or as many whole MiB as {@link maxParts} parts need. */
export function partSize(size: number): number {
  return Math.max(partThreshold, Math.ceil(size / maxParts / mebibyte) * mebibyte);
}
