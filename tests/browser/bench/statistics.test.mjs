// What is said of a series has to be right where the answer is known.
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { middle, quantile, trend } from "./statistics.mjs";

/** Noise that is the same in every run: -0.5 to 0.5. */
function noise(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

/** A sample each 20 s for `n` samples, of three screens in turn that hold 0, 50 and 90 more. */
function series(n, slope, wide, seed) {
  const next = noise(seed);
  return Array.from({ length: n }, (_, i) => {
    const hours = i / 180;
    const season = i % 3;
    return { hours, season, value: 100 + [0, 50, 90][season] + slope * hours + wide * next() };
  });
}

describe("figures of the benchmarks", () => {
  it("a series that rises by ten an hour is told so, however different its screens are", () => {
    const { slope, low, high, p } = trend(series(150, 10, 4, 1));
    assert.ok(Math.abs(slope - 10) < 1, `${slope}`);
    assert.ok(low > 5 && high < 15 && low < slope && slope < high, `${low} to ${high}`);
    assert.ok(p < 0.001, `${p}`);
  });

  it("of a hundred series without a trend some five seem to have one", () => {
    const trends = Array.from({ length: 100 }, (_, seed) => trend(series(90, 0, 4, seed + 1)));
    const wrong = trends.filter(({ low, high }) => low > 0 || high < 0).length;
    assert.ok(wrong <= 12, `${wrong}`);
    const unlikely = trends.filter(({ p }) => p < 0.05).length;
    assert.ok(unlikely <= 12, `${unlikely}`);
  });

  it("a series that never changes has a slope of zero and nothing around it", () => {
    const points = [0, 1, 2, 3].map((hours) => ({ hours, value: 7, season: "a" }));
    const { p, ...rest } = trend(points);
    assert.deepEqual(rest, { n: 4, slope: 0, low: 0, high: 0 });
    assert.ok(p > 0.999, `${p}`);
  });

  it("the median slope of four points is that of their six pairs", () => {
    const values = [0, 3, 2, 9];
    const { slope } = trend(values.map((value, hours) => ({ hours, value, season: 0 })));
    // 3, 1, 3, -1, 3, 7 between them.
    assert.equal(slope, 3);
  });

  it("quantiles are values that were there, and the middle lies between two", () => {
    assert.equal(quantile([5, 1, 3], 0.5), 3);
    assert.equal(quantile([5, 1, 3], 1), 5);
    assert.equal(middle([4, 1, 2, 3]), 2.5);
    assert.ok(Number.isNaN(quantile([], 0.5)));
  });
});
