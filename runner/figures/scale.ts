/** Maps data to positions along an axis. */
export interface Scale {
  readonly kind: 'linear' | 'log';
  /** Ends of the axis in data units, ascending. */
  readonly domain: readonly [number, number];
  /** Position of a value; values that cannot be shown (zero on a log axis) are at the start. */
  at(value: number): number;
  readonly ticks: readonly Tick[];
}

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** A step of 1, 2, 2.5 or 5 times a power of ten that divides a span into about `count` parts. */
export function niceStep(span: number, count: number): number {
  if (!(span > 0) || !Number.isFinite(span)) return 1;
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const mantissa = raw / power;
  const nice = mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 2.5 ? 2.5 : mantissa <= 5 ? 5 : 10;
  return nice * power;
}

/** Round tick values inside [low, high]. */
export function niceTicks(low: number, high: number, count = 6): readonly number[] {
  const step = niceStep(high - low, count);
  const ticks: number[] = [];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  for (let i = first; i <= last; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** A power of ten as a person writes it: 1, 10, 100, 10⁴, 10⁻³. */
export function powerLabel(exponent: number): string {
  if (exponent >= 0 && exponent <= 3) return String(10 ** exponent);
  return `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]).join('')}`;
}

/** A number for a label or a table: grouped thousands, about `digits` significant digits, no needless zeros. */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  const sign = value < 0 ? '−' : '';
  if (size >= 1e9 || size < 1e-3) {
    const [mantissa, exponent] = size.toExponential(Math.max(0, digits - 2)).split('e');
    return `${sign}${trimZeros(mantissa)}×10${Number(exponent) < 0 ? '⁻' : ''}${[...exponent.replace(/[+-]/, '')].map((digit) => superscripts[Number(digit)]).join('')}`;
  }
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  const [whole, fraction] = size.toFixed(Math.min(decimals, 12)).split('.');
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') : whole;
  return sign + (fraction === undefined ? grouped : trimZeros(`${grouped}.${fraction}`));
}

function trimZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/0+$/, '').replace(/\.$/, '') : decimal;
}

/** Labels of ticks that share a step: all with the decimals that the step needs. */
function tickLabels(values: readonly number[]): readonly string[] {
  const largest = Math.max(...values.map(Math.abs), 0);
  if (largest >= 1e6 || (largest > 0 && largest < 1e-3)) return values.map((value) => formatNumber(value, 4));
  const decimals = Math.max(0, ...values.map((value) => (String(value).split('.')[1] ?? '').length));
  return values.map((value) => {
    const [whole, fraction] = Math.abs(value).toFixed(Math.min(decimals, 6)).split('.');
    const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') : whole;
    return (value < 0 ? '−' : '') + (fraction === undefined ? grouped : `${grouped}.${fraction}`);
  });
}

/** A linear scale from `domain` to the positions [start, end]. An empty domain is widened so that it can be drawn. */
export function linearScale(domain: readonly [number, number], start: number, end: number, tickCount = 6): Scale {
  let [low, high] = domain;
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 1];
  if (!(high > low)) {
    const margin = low === 0 ? 1 : Math.abs(low) * 0.5;
    [low, high] = low === 0 ? [0, 1] : [low - margin, low + margin];
  }
  const values = niceTicks(low, high, tickCount);
  const labels = tickLabels(values);
  return {
    kind: 'linear',
    domain: [low, high],
    at: (value) => start + ((value - low) / (high - low)) * (end - start),
    ticks: values.map((value, i) => ({ value, label: labels[i] })),
  };
}

/** A base-10 logarithmic scale; the domain is made positive and at least one decade wide. */
export function logScale(domain: readonly [number, number], start: number, end: number, tickCount = 6): Scale {
  const high = Number.isFinite(domain[1]) && domain[1] > 0 ? domain[1] : 1;
  const low = Number.isFinite(domain[0]) && domain[0] > 0 ? Math.min(domain[0], high / 10) : high / 10;
  const from = Math.log10(low);
  const to = Math.log10(high);
  const every = Math.max(1, Math.ceil((to - from) / tickCount));
  const ticks: Tick[] = [];
  for (let exponent = Math.ceil(from - 1e-9); exponent <= to + 1e-9; exponent++) {
    if (exponent % every === 0) ticks.push({ value: 10 ** exponent, label: powerLabel(exponent) });
  }
  return {
    kind: 'log',
    domain: [low, high],
    at: (value) => (value > 0 ? start + ((Math.max(Math.log10(value), from) - from) / (to - from)) * (end - start) : start),
    ticks,
  };
}
