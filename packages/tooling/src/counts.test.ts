import { describe, expect, test } from 'vitest'
import {
  countCommand,
  countKills,
  countPlaywright,
  countVitest,
  formatCounts,
  sumCounts,
} from './counts.ts'

const nothingButOneFailure = { passed: 0, failed: 1, skipped: 0 }

describe('a command', () => {
  test('is one test, passed when it exits with 0', () => {
    expect(countCommand({ exitCode: 0, output: '' })).toEqual({ passed: 1, failed: 0, skipped: 0 })
    expect(countCommand({ exitCode: 2, output: '' })).toEqual(nothingButOneFailure)
    expect(countCommand({ exitCode: null, output: '' })).toEqual(nothingButOneFailure)
  })
})

describe('a Vitest report', () => {
  const report = (fields: object) => JSON.stringify({ testResults: [], ...fields })

  test('gives passed, failed and skipped tests', () => {
    const output = report({
      numPassedTests: 7,
      numFailedTests: 2,
      numPendingTests: 1,
      numTodoTests: 1,
    })
    expect(countVitest({ exitCode: 1, output })).toEqual({ passed: 7, failed: 2, skipped: 2 })
  })

  test('a file that could not be loaded is a failure beside the tests that ran', () => {
    const output = report({
      numPassedTests: 7,
      numFailedTests: 1,
      testResults: [
        { status: 'failed', assertionResults: [] },
        { status: 'failed', assertionResults: [{}] },
      ],
    })
    expect(countVitest({ exitCode: 1, output })).toEqual({ passed: 7, failed: 2, skipped: 0 })
  })

  test('an exit code other than 0 is a failure even when every test passed', () => {
    const output = report({ numPassedTests: 7, numFailedTests: 0 })
    expect(countVitest({ exitCode: 1, output })).toEqual({ passed: 7, failed: 1, skipped: 0 })
  })

  test('no tests, no report and a torn report are failures', () => {
    expect(countVitest({ exitCode: 0, output: report({}) })).toEqual(nothingButOneFailure)
    expect(countVitest({ exitCode: 0, output: '' })).toEqual(nothingButOneFailure)
    expect(countVitest({ exitCode: 0, output: '{"numPassedTests": 7' })).toEqual(
      nothingButOneFailure,
    )
  })

  test('only skipped tests are a failure', () => {
    const output = report({ numPendingTests: 3 })
    expect(countVitest({ exitCode: 0, output })).toEqual({ passed: 0, failed: 1, skipped: 3 })
  })
})

describe('a Playwright report', () => {
  const report = (stats: object, errors: readonly unknown[] = []) =>
    JSON.stringify({ stats, errors })

  test('gives passed, failed and skipped tests; flaky ones have failed', () => {
    const output = report({ expected: 5, unexpected: 1, flaky: 1, skipped: 2 })
    expect(countPlaywright({ exitCode: 1, output })).toEqual({ passed: 5, failed: 2, skipped: 2 })
  })

  test('an error outside the tests is a failure', () => {
    const output = report({ expected: 0, unexpected: 0, flaky: 0, skipped: 0 }, [{}])
    expect(countPlaywright({ exitCode: 1, output })).toEqual(nothingButOneFailure)
  })

  test('no tests is a failure', () => {
    expect(countPlaywright({ exitCode: 0, output: report({}) })).toEqual(nothingButOneFailure)
  })
})

describe('a kill run', () => {
  test('each kill is a test', () => {
    const output = 'killed 1\nkilled 2\n2 kills, 0 lost, 0 doubled, 0 corrupt\n'
    expect(countKills({ exitCode: 0, output })).toEqual({ passed: 2, failed: 0, skipped: 0 })
  })

  test('each fault is a failure', () => {
    const output = '5 kills, 1 lost, 2 doubled, 1 corrupt'
    expect(countKills({ exitCode: 1, output })).toEqual({ passed: 1, failed: 4, skipped: 0 })
  })

  test('more faults than kills never make the passed ones negative', () => {
    const output = '1 kills, 9 lost, 0 doubled, 0 corrupt'
    expect(countKills({ exitCode: 1, output })).toEqual({ passed: 0, failed: 9, skipped: 0 })
  })

  test('no closing line and no kills are failures', () => {
    expect(countKills({ exitCode: 0, output: 'killed 1' })).toEqual(nothingButOneFailure)
    const output = '0 kills, 0 lost, 0 doubled, 0 corrupt'
    expect(countKills({ exitCode: 0, output })).toEqual(nothingButOneFailure)
  })
})

describe('the sum', () => {
  test('adds up suites', () => {
    const sum = sumCounts([
      { passed: 1, failed: 2, skipped: 3 },
      { passed: 10, failed: 20, skipped: 30 },
    ])
    expect(sum).toEqual({ passed: 11, failed: 22, skipped: 33 })
    expect(sumCounts([])).toEqual({ passed: 0, failed: 0, skipped: 0 })
  })

  test('names the skipped only when there are any', () => {
    expect(formatCounts({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed')
    expect(formatCounts({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped')
  })
})
