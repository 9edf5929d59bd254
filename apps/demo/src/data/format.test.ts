import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatDuration, formatPatchMs, formatPlural } from './format.ts'

test('counts have thousands apart, and words agree with them', () => {
  expect(formatCount(117_791)).toBe('117,791')
  expect(formatPlural(1, 'relation')).toBe('1 relation')
  expect(formatPlural(0, 'entity', 'entities')).toBe('0 entities')
})

test('sizes have at most one decimal', () => {
  expect(formatBytes(999)).toBe('999 B')
  expect(formatBytes(182_437_000)).toBe('182.4 MB')
})

test('durations are precise while short', () => {
  expect(formatDuration(1234)).toBe('1.2 s')
  expect(formatDuration(59_600)).toBe('1 min 0 s')
  expect(formatDuration(65_000)).toBe('1 min 5 s')
})

test('what a patch takes has a decimal while it is below ten', () => {
  expect([0.4, 9.96, 12.3].map(formatPatchMs)).toEqual(['0.4 ms', '10.0 ms', '12 ms'])
})
