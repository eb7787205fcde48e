// One-dimensional symmetric convolutions of 32-bit floats. Pointers are byte offsets into the imported memory; a row
// holds `pitch` floats, a multiple of 16, so that whole vectors can be read and written without a tail loop.

/** Index i of a signal of n samples continued by reflection about its edges: (c b a | a b c | c b a). */
@inline function reflected(i: i32, n: i32): i32 {
  if (<u32>i < <u32>n) return i;
  const period = 2 * n;
  i %= period;
  if (i < 0) i += period;
  return i < n ? i : period - 1 - i;
}

/**
 * Convolves each of `rows` rows with the symmetric kernel `weights` (radius + 1 floats, centre first, each repeated four
 * times). `line` is scratch for pitch + 2·radius + 16 floats.
 */
export function convolveRows(src: usize, dst: usize, n: i32, pitch: i32, rows: i32, weights: usize, radius: i32, line: usize): void {
  const pitchBytes = <usize>pitch << 2;
  for (let row = 0; row < rows; row++) {
    const from = src + <usize>row * pitchBytes, to = dst + <usize>row * pitchBytes;
    for (let i = 1; i <= radius; i++) {
      store<f32>(line + (<usize>(radius - i) << 2), load<f32>(from + (<usize>reflected(-i, n) << 2)));
      store<f32>(line + (<usize>(radius + n - 1 + i) << 2), load<f32>(from + (<usize>reflected(n - 1 + i, n) << 2)));
    }
    memory.copy(line + (<usize>radius << 2), from, <usize>n << 2);
    for (let x: usize = 0; x < pitchBytes; x += 64) {
      const centre = line + (<usize>radius << 2) + x;
      let w = v128.load(weights);
      let a = f32x4.mul(w, v128.load(centre)), b = f32x4.mul(w, v128.load(centre, 16));
      let c = f32x4.mul(w, v128.load(centre, 32)), d = f32x4.mul(w, v128.load(centre, 48));
      let before = centre, after = centre, weight = weights;
      for (let j = 1; j <= radius; j++) {
        before -= 4; after += 4; weight += 16;
        w = v128.load(weight);
        a = f32x4.add(a, f32x4.mul(w, f32x4.add(v128.load(before), v128.load(after))));
        b = f32x4.add(b, f32x4.mul(w, f32x4.add(v128.load(before, 16), v128.load(after, 16))));
        c = f32x4.add(c, f32x4.mul(w, f32x4.add(v128.load(before, 32), v128.load(after, 32))));
        d = f32x4.add(d, f32x4.mul(w, f32x4.add(v128.load(before, 48), v128.load(after, 48))));
      }
      v128.store(to + x, a); v128.store(to + x, b, 16); v128.store(to + x, c, 32); v128.store(to + x, d, 48);
    }
  }
}

/**
 * Weighted sum of equally long rows: `sources` holds 2·radius + 1 pointers (u32), the centre first and then pairs at
 * equal distance, which share a weight. `length` is a multiple of 16 floats.
 */
export function combineRows(sources: usize, dst: usize, length: i32, weights: usize, radius: i32): void {
  const bytes = <usize>length << 2;
  for (let x: usize = 0; x < bytes; x += 64) {
    const centre = <usize>load<u32>(sources) + x;
    let w = v128.load(weights);
    let a = f32x4.mul(w, v128.load(centre)), b = f32x4.mul(w, v128.load(centre, 16));
    let c = f32x4.mul(w, v128.load(centre, 32)), d = f32x4.mul(w, v128.load(centre, 48));
    let pair = sources + 4, weight = weights;
    for (let j = 1; j <= radius; j++) {
      weight += 16;
      w = v128.load(weight);
      const before = <usize>load<u32>(pair) + x, after = <usize>load<u32>(pair, 4) + x;
      pair += 8;
      a = f32x4.add(a, f32x4.mul(w, f32x4.add(v128.load(before), v128.load(after))));
      b = f32x4.add(b, f32x4.mul(w, f32x4.add(v128.load(before, 16), v128.load(after, 16))));
      c = f32x4.add(c, f32x4.mul(w, f32x4.add(v128.load(before, 32), v128.load(after, 32))));
      d = f32x4.add(d, f32x4.mul(w, f32x4.add(v128.load(before, 48), v128.load(after, 48))));
    }
    v128.store(dst + x, a); v128.store(dst + x, b, 16); v128.store(dst + x, c, 32); v128.store(dst + x, d, 48);
  }
}
