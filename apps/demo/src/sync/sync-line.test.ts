import { expect, test } from 'vitest'
import { syncLineOf } from './sync-line.ts'

const common = { unsyncedCount: 0, lastContactMs: undefined }

test('catching up says how far it is: bytes of an image, parts of a log', () => {
  const image = syncLineOf({
    ...common,
    kind: 'catching-up',
    phase: 'image',
    done: 5e5,
    total: 2e6,
  })
  expect(image.text).toContain('500 kB of 2 MB.')
  expect(image.progress).toBe(0.25)
  const log = syncLineOf({ ...common, kind: 'catching-up', phase: 'log', done: 1000, total: 4000 })
  expect(log.text).toContain('1,000 of 4,000 parts.')
  expect(
    syncLineOf({ ...common, kind: 'catching-up', phase: 'log', done: 0, total: 0 }).progress,
  ).toBe(0)
})

test('what is blocked says why, and what to do', () => {
  const blocked = { ...common, kind: 'blocked', message: 'the schema is newer' } as const
  expect(syncLineOf({ ...blocked, code: 'sync/update-required' })).toMatchObject({
    tone: 'bad',
    text: 'The schema is newer. Reload the page to get its newest version. What is unsynced is kept.',
  })
  expect(syncLineOf({ ...blocked, code: 'storage/corrupt' }).text).toBe('The schema is newer.')
})

test('being offline is no alarm', () => {
  expect(syncLineOf({ ...common, kind: 'offline' }).tone).toBe('quiet')
})
