import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type StandardSchemaV1, validateWithStandardSchema } from './standard-schema.ts'

const Person = z.object({
  name: z.string(),
  age: z.coerce.number(),
  tags: z.array(z.string()).default([]),
})

test('a valid value comes back as the validator changed it, with its type', () => {
  const result = validateWithStandardSchema(Person, { name: 'Ada', age: '36' })
  expect(result).toEqual({ isValid: true, value: { name: 'Ada', age: 36, tags: [] } })
  if (result.isValid) expectTypeOf(result.value.age).toEqualTypeOf<number>()
  expectTypeOf<StandardSchemaV1.InferInput<typeof Person>['tags']>().toEqualTypeOf<
    string[] | undefined
  >()
})

test('an invalid value comes back as plain issues with their paths', () => {
  const result = validateWithStandardSchema(Person, { name: 1, age: 2, tags: ['x', 3] })
  expect(result).toMatchObject({ isValid: false, issues: [{ path: 'name' }, { path: 'tags.1' }] })
  expect(structuredClone(result)).toEqual(result)
})

test('an asynchronous validator is refused', () => {
  const later = z.string().refine(async () => true)
  expect(() => validateWithStandardSchema(later, 'x')).toThrow(
    expect.objectContaining({ code: 'reducer/asynchronous', details: { vendor: 'zod' } }),
  )
})

test('an asynchronous validator that fails leaves no unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  const failing: StandardSchemaV1 = {
    '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('late')) },
  }
  expect(() => validateWithStandardSchema(failing, 1)).toThrow('asynchronously')
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

test('steps of a path given as objects are understood', () => {
  const schema: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => ({
        issues: [{ message: 'no', path: [{ key: 'a' }, 0] }, { message: 'bad' }],
      }),
    },
  }
  expect(validateWithStandardSchema(schema, 1)).toEqual({
    isValid: false,
    issues: [
      { message: 'no', path: 'a.0' },
      { message: 'bad', path: '' },
    ],
  })
})
