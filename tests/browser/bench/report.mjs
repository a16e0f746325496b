// Figures as the other benchmarks print them: one line of JSON each.

/** Prints one figure. */
export function line(figure, values) {
  console.log(JSON.stringify({ figure, ...values }));
}

/** `value` with so many decimals; null where there is none. */
export function round(value, decimals = 1) {
  return Number.isFinite(value) ? Number(value.toFixed(decimals)) : null;
}

/** Says on standard error how far it is, with the time. */
export function say(text) {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

/** A count given as `--name N`, or `otherwise`. */
export function option(name, otherwise) {
  const place = process.argv.indexOf(`--${name}`);
  if (place < 0) return otherwise;
  const value = Number(process.argv[place + 1]);
  if (!(value > 0)) {
    throw new Error(`--${name} ${process.argv[place + 1]} is no number above 0`);
  }
  return value;
}
