import { expect, test } from 'vitest'
import { createOriginCheck } from './origins.ts'

test('an origin is let in if it is in the list, alone or with any port', () => {
  const isAllowed = createOriginCheck(['https://app.example', 'http://localhost:*'])
  expect(isAllowed(undefined)).toBe(true)
  expect(isAllowed('https://app.example')).toBe(true)
  expect(isAllowed('http://localhost')).toBe(true)
  expect(isAllowed('http://localhost:5173')).toBe(true)
  for (const origin of [
    'null',
    '',
    'http://app.example',
    'https://app.example:444',
    'https://app.example.evil.example',
    'https://localhost:5173',
    'http://localhost.evil.example',
    'http://localhost:5173.evil.example',
    'http://localhost:evil',
    'http://evil.example/http://localhost:1',
  ]) {
    expect([origin, isAllowed(origin)]).toEqual([origin, false])
  }
  expect(createOriginCheck(['*'])('https://anywhere.example')).toBe(true)
})
