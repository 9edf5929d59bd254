import { UniverseError } from '@inner-universe/core'
import { expect, test } from 'vitest'
import type { ByeCode, RefusalCode } from '../messages.ts'
import { afterEnd, afterError, afterRefusal } from './aftermath.ts'

test('every goodbye has its one action', () => {
  const kindAfter = (code: ByeCode): string =>
    afterEnd({ kind: 'bye', code, message: 'why', retryAfterMs: 7 }).kind
  const codes: Record<ByeCode, string> = {
    'shutting-down': 'retry',
    unauthorized: 'unauthorized',
    version: 'blocked',
    displaced: 'displaced',
    invalid: 'retry',
    'too-large': 'retry',
    timeout: 'retry',
    rate: 'retry',
    internal: 'retry',
  }
  for (const [code, kind] of Object.entries(codes)) {
    expect([code, kindAfter(code as ByeCode)]).toEqual([code, kind])
  }
  const rate = afterEnd({ kind: 'bye', code: 'rate', message: 'slower', retryAfterMs: 7 })
  expect(rate).toEqual({ kind: 'retry', atLeastMs: 7 })
  const version = afterEnd({ kind: 'bye', code: 'version', message: 'old', retryAfterMs: 0 })
  expect(version).toMatchObject({ code: 'sync/update-required', message: 'old' })
})

test('every refusal has its one action', () => {
  const after = (code: RefusalCode) =>
    afterRefusal({ type: 'refused', channel: 1, code, message: 'no' })
  expect(after('unauthorized')).toEqual({ kind: 'unauthorized', message: 'no' })
  expect(after('schema')).toMatchObject({ kind: 'blocked', code: 'sync/update-required' })
  expect(after('module')).toMatchObject({ kind: 'blocked', code: 'sync/refused' })
  expect(after('invalid')).toMatchObject({ kind: 'blocked', code: 'sync/refused' })
  expect(after('limit')).toMatchObject({ kind: 'blocked', code: 'sync/refused' })
})

test('an error of the store is shown, and one of the way there is tried again', () => {
  const full = new UniverseError('storage/quota-exceeded', 'the disk is full')
  expect(afterError(full)).toMatchObject({ kind: 'blocked', code: 'storage/quota-exceeded' })
  expect(afterError(new TypeError('fetch failed')).kind).toBe('retry')
  expect(afterError(new UniverseError('sync/image-invalid', 'x')).kind).toBe('retry')
  expect(afterEnd({ kind: 'failed', error: new UniverseError('sync/protocol', 'x') }).kind).toBe(
    'retry',
  )
  expect(afterEnd({ kind: 'closed' })).toEqual({ kind: 'retry', atLeastMs: 0 })
})
