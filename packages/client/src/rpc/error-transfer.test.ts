import { UniverseError } from '@inner-universe/core'
import { expect, test } from 'vitest'
import { decodeError, decodeUniverseError, encodeError } from './error-transfer.ts'

const cross = (error: unknown): Error => decodeError(structuredClone(encodeError(error)))

test('code, details, message, stack and causes survive the crossing', () => {
  const cause = new UniverseError('storage/io', 'disk', { cause: new RangeError('deep') })
  const error = new UniverseError('engine/closed', 'closed', { details: { table: 'todo' }, cause })
  const crossed = cross(error)
  expect(crossed).toBeInstanceOf(UniverseError)
  expect(crossed).toMatchObject({
    code: 'engine/closed',
    details: { table: 'todo' },
    message: 'closed',
  })
  expect(crossed.stack).toBe(error.stack)
  expect(crossed.cause).toMatchObject({ code: 'storage/io' })
  expect((crossed.cause as Error).cause).toMatchObject({ name: 'RangeError', message: 'deep' })
})

test('details that cannot be cloned are named, and do not stop the error', () => {
  const error = new UniverseError('reducer/rejected', 'no', { details: { run: () => 1 } })
  expect(cross(error)).toMatchObject({
    code: 'reducer/rejected',
    details: { uncloneable: ['run'] },
  })
})

test('a chain of causes without end is cut', () => {
  const error = new Error('loop')
  error.cause = error
  expect(cross(error).message).toBe('loop')
})

test('anything may be thrown', () => {
  expect(cross('text').message).toBe('text')
  expect(cross(undefined).message).toBe('undefined')
  expect(decodeUniverseError(encodeError(new TypeError('x')), 'client/protocol')).toMatchObject({
    code: 'client/protocol',
    message: 'TypeError: x',
  })
})
