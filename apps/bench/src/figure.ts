/** What a scenario measures, and how it is printed and stored. */

/** One measured thing. Times are in the unit given; `ratioToFloor` compares medians of one run. */
export interface Figure {
  readonly name: string
  readonly unit: 'ms' | 'us' | 's' | 'calls/s' | 'rows/s' | 'patches/s' | 'queries' | 'kB' | 'MB'
  readonly p50: number
  readonly p95?: number
  readonly p99?: number
  /** How many samples the percentiles are of. */
  readonly sampleCount?: number
  /** p50 divided by the floor's (a time), or the floor's divided by it (a rate): below 1 beats it. */
  readonly ratioToFloor?: number
  readonly sizes?: Readonly<Record<string, number>>
  /** What the figure must not pass, and whether `ratioToFloor` or a percentile is meant. */
  readonly budget?: { readonly on: 'p50' | 'p95' | 'ratioToFloor'; readonly atMost: number }
}

/** Percentiles of samples; nearest rank. */
export function percentiles(samples: readonly number[]): {
  p50: number
  p95: number
  p99: number
  sampleCount: number
} {
  const sorted = samples.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), sampleCount: sorted.length }
}

/** True unless the figure has a budget and misses it. */
export function isWithinBudget(figure: Figure): boolean {
  const { budget } = figure
  if (budget === undefined) return true
  const value = figure[budget.on]
  return value !== undefined && value <= budget.atMost
}

function round(value: number | undefined): string {
  if (value === undefined) return ''
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** A table of figures as text, one row each. */
export function tableOf(figures: readonly Figure[]): string {
  const header = ['figure', 'unit', 'p50', 'p95', 'p99', 'x floor', 'budget', '']
  const rows = figures.map((figure) => [
    figure.name,
    figure.unit,
    round(figure.p50),
    round(figure.p95),
    round(figure.p99),
    round(figure.ratioToFloor),
    figure.budget === undefined ? '' : `${figure.budget.on} <= ${figure.budget.atMost}`,
    figure.budget === undefined ? '' : isWithinBudget(figure) ? 'met' : 'MISSED',
  ])
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
