/**
 * How many tests passed, failed and were skipped, read from what each runner leaves behind.
 *
 * Reports are read defensively: a report that is missing, torn or empty means that the runner died,
 * and that has to show as a failure and never as "0 failed".
 */

/** The outcome of one suite or the sum of several. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** A runner's exit code and what it left behind: its report's text, or its stdout. */
export interface Run {
  /** Null when it was ended by a signal or could not be started. */
  readonly exitCode: number | null
  readonly output: string
}

/** A command that only passes or fails, such as a linter, is one test. */
export function countCommand(run: Run): Counts {
  return run.exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : ONE_FAILURE
}

/** Reads the report of Vitest's `json` reporter. A file that cannot be loaded is one failure. */
export function countVitest(run: Run): Counts {
  const report = parseObject(run.output)
  const files = Array.isArray(report.testResults) ? report.testResults : []
  const brokenFiles = files.filter(
    (file) => file?.status === 'failed' && file.assertionResults?.length === 0,
  ).length
  return settle(run, {
    passed: count(report.numPassedTests),
    failed: count(report.numFailedTests) + brokenFiles,
    skipped: count(report.numPendingTests) + count(report.numTodoTests),
  })
}

/** Reads the report of Playwright's `json` reporter. A test that passed only on retry has failed. */
export function countPlaywright(run: Run): Counts {
  const report = parseObject(run.output)
  const stats = isObject(report.stats) ? report.stats : {}
  const errors = Array.isArray(report.errors) ? report.errors : []
  return settle(run, {
    passed: count(stats.expected),
    failed: count(stats.unexpected) + count(stats.flaky) + errors.length,
    skipped: count(stats.skipped),
  })
}

/**
 * Reads the kill test's closing line, `N kills, X lost, Y doubled, Z corrupt`. Each kill is one
 * test; each fault found takes one of them away.
 */
export function countKills(run: Run): Counts {
  const line = /^(\d+) kills, (\d+) lost, (\d+) doubled, (\d+) corrupt$/m.exec(run.output)
  const [kills, lost, doubled, corrupt] = (line ?? []).slice(1).map(Number)
  const faults = count(lost) + count(doubled) + count(corrupt)
  return settle(run, { passed: Math.max(0, count(kills) - faults), failed: faults, skipped: 0 })
}

/** Adds up suites. */
export function sumCounts(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((sum, each) => sum + each.passed, 0),
    failed: all.reduce((sum, each) => sum + each.failed, 0),
    skipped: all.reduce((sum, each) => sum + each.skipped, 0),
  }
}

/** `N passed, N failed`, with `, N skipped` when there are any. */
export function formatCounts(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`
}

const ONE_FAILURE: Counts = { passed: 0, failed: 1, skipped: 0 }

/** A runner that failed for a reason its report does not hold, or that ran nothing, has failed. */
function settle(run: Run, counts: Counts): Counts {
  const hasUntoldFailure = run.exitCode !== 0 && counts.failed === 0
  const hasRunNothing = counts.passed + counts.failed === 0
  return hasUntoldFailure || hasRunNothing ? sumCounts([counts, ONE_FAILURE]) : counts
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    // No report: `settle` turns the zeros that follow into a failure.
    return {}
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function count(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 0
}
