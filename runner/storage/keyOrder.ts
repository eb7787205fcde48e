/**
 * Compares two keys as services list them: by the bytes of their UTF-8. JavaScript's own order of strings is another
 * where characters beyond U+FFFF (surrogates in UTF-16) meet those from U+E000 on.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return place(left) - place(right);
  }
  return a.length - b.length;
}

/** Moves surrogates behind all others. */
function place(unit: number): number {
  return unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
