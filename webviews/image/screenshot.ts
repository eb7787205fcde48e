/** A part of a picture, and where it stands on the page. */
export interface PicturePart {
  readonly canvas: HTMLCanvasElement;
  readonly box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly title: string;
}

/** Puts the panes side by side as they stand on the page, at the screen's own pixels, as PNG. */
export async function picturePng(parts: readonly PicturePart[], pixel: number): Promise<Blob> {
  const left = Math.min(...parts.map(({ box }) => box.left));
  const top = Math.min(...parts.map(({ box }) => box.top));
  const right = Math.max(...parts.map(({ box }) => box.left + box.width));
  const bottom = Math.max(...parts.map(({ box }) => box.top + box.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round((right - left) * pixel));
  canvas.height = Math.max(1, Math.round((bottom - top) * pixel));
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('The page cannot draw.');
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(pixel, pixel);
  for (const { canvas: part, box, title } of parts) {
    const [x, y] = [box.left - left, box.top - top];
    context.drawImage(part, x, y, box.width, box.height);
    context.font = '600 12px system-ui, sans-serif';
    context.textBaseline = 'top';
    context.lineWidth = 3;
    context.strokeStyle = '#000';
    context.strokeText(title, x + 8, y + 8);
    context.fillStyle = '#fff';
    context.fillText(title, x + 8, y + 8);
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('The picture is too large to be saved.'));
      else resolve(blob);
    }, 'image/png');
  });
}
