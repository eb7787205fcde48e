/** Round numbers along an axis from `low` to `high`, about `count` of them, and the axis's ends. */
export function niceTicks(low: number, high: number, count: number): { readonly low: number; readonly high: number; readonly ticks: readonly number[] } {
  const range = high > low ? high - low : Math.abs(high) || 1;
  const rough = range / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  // What reaches over a mark by a hair needs no further one.
  const last = Math.max(first + 1, Math.ceil((high > low ? high : low + range) / step - 0.03));
  // Multiples of the step, so that no error adds up: 0.30000000000000004 is no label.
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
  return { low: ticks[0], high: ticks[ticks.length - 1], ticks };
}

/** A number on an axis or in a legend: short, with thousands apart. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(1).replace(/\.0e/, 'e').replace('e+', 'e');
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
