import { fft } from './fft.ts';

/** How the histogram of log intensities is sharpened. The defaults are ITK's. */
export interface SharpenOptions {
  /** Bins of the histogram. Default 200. */
  readonly bins?: number;
  /** Full width at half maximum of the blur that is undone, in log intensity. Default 0.15. */
  readonly fwhm?: number;
  /** Noise of the Wiener filter. Default 0.01. */
  readonly wienerNoise?: number;
}

/** A piecewise linear map of log intensities: `expected[i]` at lo + i·step. */
export interface SharpenedIntensities {
  readonly lo: number;
  readonly step: number;
  readonly expected: Float64Array;
}

/**
 * Expected log intensity of the unbiased image given the biased one (Sled, Zijdenbos, Evans 1998): the histogram is
 * deconvolved from a Gaussian by a Wiener filter, and E[u|v] taken from the result. Undefined when all values are equal.
 */
export function sharpenHistogram(values: Float64Array, options: SharpenOptions = {}): SharpenedIntensities | undefined {
  const { bins = 200, fwhm = 0.15, wienerNoise = 0.01 } = options;
  let lo = Infinity;
  let hi = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < lo) lo = value;
    if (value > hi) hi = value;
  }
  const step = (hi - lo) / (bins - 1);
  if (!(step > 0)) return undefined;

  const length = 2 ** (Math.ceil(Math.log2(bins)) + 1);
  const offset = Math.floor((length - bins) / 2);
  const vr = new Float64Array(length);
  const vi = new Float64Array(length);
  const scale = 1 / step;
  for (let i = 0; i < values.length; i++) {
    // Each value counts in the two bins beside it. The brightest may come to lie on the last bin, or by rounding a hair beyond.
    const position = Math.min(bins - 1, (values[i] - lo) * scale);
    const bin = position | 0;
    const fraction = position - bin;
    vr[offset + bin] += 1 - fraction;
    vr[offset + bin + 1] += fraction;
  }
  fft(vr, vi);

  const width = fwhm / step;
  const exponent = (4 * Math.LN2) / (width * width);
  const height = (2 * Math.sqrt(Math.LN2 / Math.PI)) / width;
  const fr = new Float64Array(length);
  const fi = new Float64Array(length);
  fr[0] = height;
  for (let i = 1; i <= length / 2; i++) {
    fr[i] = height * Math.exp(-i * i * exponent);
    fr[length - i] = fr[i];
  }
  fft(fr, fi);

  const ur = new Float64Array(length);
  const ui = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const gain = fr[i] / (fr[i] * fr[i] + fi[i] * fi[i] + wienerNoise);
    ur[i] = vr[i] * gain;
    ui[i] = vi[i] * gain;
  }
  fft(ur, ui, true);

  const momentR = new Float64Array(length);
  const momentI = new Float64Array(length);
  const massR = new Float64Array(length);
  const massI = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    massR[i] = Math.max(ur[i], 0);
    momentR[i] = (lo + (i - offset) * step) * massR[i];
  }
  blurBy(momentR, momentI, fr, fi);
  blurBy(massR, massI, fr, fi);
  const expected = new Float64Array(bins);
  for (let i = 0; i < bins; i++) expected[i] = massR[i + offset] === 0 ? 0 : momentR[i + offset] / massR[i + offset];
  return { lo, step, expected };
}

/** Circular convolution with the filter whose transform is fr + i·fi. */
function blurBy(re: Float64Array, im: Float64Array, fr: Float64Array, fi: Float64Array): void {
  fft(re, im);
  for (let i = 0; i < re.length; i++) {
    const real = re[i] * fr[i] - im[i] * fi[i];
    im[i] = re[i] * fi[i] + im[i] * fr[i];
    re[i] = real;
  }
  fft(re, im, true);
}
