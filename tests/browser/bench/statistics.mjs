// What the benchmarks make of their figures: quantiles, and whether a series rises.

/** 97.5 % of a normal distribution lie below so many deviations. */
const Z = 1.959964;

/** The value that `share` of all stay at or below; NaN of none. */
export function quantile(values, share) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}

/** The mean; NaN of none. */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The middle, half-way between the two middle ones of an even number; NaN of none. */
export function middle(values) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * How a series goes: `{ n, slope, low, high, p }`, slopes in units an hour.
 *
 * Points are `{ hours, value, season }`. Only points of one season are compared with one another,
 * so that a screen that holds more than another is no growth (Hirsch, Slack and Smith 1982). The
 * slope is the median over all such pairs (Theil 1950, Sen 1968); `low` to `high` is its 95 %
 * interval by the variance of Kendall's S, ties counted (Gilbert 1987); `p` is the two-sided
 * Mann-Kendall probability that a series without any trend looks like this one.
 */
export function trend(points) {
  const slopes = [];
  let [s, variance] = [0, 0];
  for (const season of new Set(points.map((point) => point.season))) {
    const own = points.filter((point) => point.season === season);
    for (let i = 0; i < own.length; i += 1) {
      for (let j = i + 1; j < own.length; j += 1) {
        slopes.push((own[j].value - own[i].value) / (own[j].hours - own[i].hours));
        s += Math.sign(own[j].value - own[i].value);
      }
    }
    variance += varianceOfS(own.map((point) => point.value));
  }
  const deviation = Math.sqrt(variance);
  const z = deviation === 0 ? 0 : (s - Math.sign(s)) / deviation;
  slopes.sort((a, b) => a - b);
  const half = (Z * deviation) / 2;
  const at = (place) => {
    const index = Math.min(slopes.length - 1, Math.max(0, Math.round(place)));
    return slopes[index] ?? NaN;
  };
  const centre = (slopes.length - 1) / 2;
  return {
    n: points.length,
    slope: middle(slopes),
    low: at(Math.floor(centre - half)),
    high: at(Math.ceil(centre + half)),
    p: 2 * (1 - normal(Math.abs(z))),
  };
}

/** Of Kendall's S, equal values counted as such. */
function varianceOfS(values) {
  const n = values.length;
  const times = new Map();
  for (const value of values) times.set(value, (times.get(value) ?? 0) + 1);
  const part = (t) => t * (t - 1) * (2 * t + 5);
  const ties = [...times.values()].reduce((sum, t) => sum + part(t), 0);
  return (part(n) - ties) / 18;
}

/** The share of a normal distribution below `z` ≥ 0, right to seven decimals
 *  (Abramowitz and Stegun 26.2.17). */
function normal(z) {
  const t = 1 / (1 + 0.2316419 * z);
  const terms = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = terms.reduceRight((rest, term) => (rest + term) * t, 0);
  return 1 - (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
