/** Decodes a PNG of one byte a pixel, in base64. Rejects when it is none, or of another size. */
export async function decodeBytes(base64: string, width: number, height: number): Promise<Uint8Array> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  // Without a conversion of colours the bytes are those that were written.
  const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }), { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  try {
    if (bitmap.width !== width || bitmap.height !== height) throw new RangeError(`A picture is ${bitmap.width} × ${bitmap.height} pixels, not ${width} × ${height}.`);
    const canvas = new OffscreenCanvas(width, height);
    const drawing = canvas.getContext('2d', { willReadFrequently: true });
    if (drawing === null) throw new Error('The page has no canvas.');
    drawing.drawImage(bitmap, 0, 0);
    const { data } = drawing.getImageData(0, 0, width, height);
    const gray = new Uint8Array(width * height);
    for (let i = 0; i < gray.length; i++) gray[i] = data[4 * i];
    return gray;
  } finally {
    bitmap.close();
  }
}
