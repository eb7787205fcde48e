/** Which part of a picture is shown: `scale` 1 shows all of it; `x` and `y` are the picture's left and top that are shown, in parts of its size. */
export interface Zoom {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const wholePicture: Zoom = { scale: 1, x: 0, y: 0 };
const largest = 16;

/** Zooms by a factor so that a point, in parts of the frame (0 to 1), stays where it is. */
export function zoomAt({ scale, x, y }: Zoom, factor: number, atX: number, atY: number): Zoom {
  const next = Math.min(largest, Math.max(1, scale * factor));
  return inside({ scale: next, x: x + atX / scale - atX / next, y: y + atY / scale - atY / next });
}

/** Moves the picture by parts of the frame. */
export function panBy({ scale, x, y }: Zoom, byX: number, byY: number): Zoom {
  return inside({ scale, x: x - byX / scale, y: y - byY / scale });
}

/** The point of the picture, in parts of its size, at a point of the frame. */
export function pictureAt({ scale, x, y }: Zoom, atX: number, atY: number): readonly [number, number] {
  return [x + atX / scale, y + atY / scale];
}

/** The point of the frame at which a point of the picture is; both in parts. */
export function frameAt({ scale, x, y }: Zoom, pictureX: number, pictureY: number): readonly [number, number] {
  return [(pictureX - x) * scale, (pictureY - y) * scale];
}

function inside({ scale, x, y }: Zoom): Zoom {
  const most = 1 - 1 / scale;
  return { scale, x: Math.min(most, Math.max(0, x)), y: Math.min(most, Math.max(0, y)) };
}
