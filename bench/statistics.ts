/** What is said of samples: of an even number the upper of the two in the middle. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** (largest - smallest) ÷ median. */
export const spread = (values: readonly number[]): number =>
  Math.round(((Math.max(...values) - Math.min(...values)) / median(values)) * 100) / 100

/** Milliseconds that `share` of the latencies, which are sorted here, do not exceed. */
export const percentile = (latencies: readonly number[], share: number): number =>
  Math.round((latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * share)] ?? 0) * 100) / 100
