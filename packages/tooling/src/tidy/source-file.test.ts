import { expect, test } from 'vitest'
import { parseSourceFile } from './source-file.ts'

const parse = (text: string) => parseSourceFile('file.ts', text)
const namesOf = (occurrences: readonly { name: string }[]) => occurrences.map(({ name }) => name)

test('every way to name a module is an import', () => {
  const { imports } = parse(`
    import 'effect'
    import { a } from 'values'
    import type { B } from 'types'
    export { c } from 'again'
    export * from 'star'
    const later = await import('later')
    type D = import('inline').D
  `)
  expect(namesOf(imports)).toEqual([
    'effect',
    'values',
    'types',
    'again',
    'star',
    'later',
    'inline',
  ])
  expect(imports[0]?.line).toBe(2)
})

test('references are names in expressions, whole and in part', () => {
  const { references } = parse('const n = crypto.subtle.digest(bytes)')
  expect(namesOf(references)).toEqual(
    expect.arrayContaining(['crypto', 'crypto.subtle', 'crypto.subtle.digest', 'bytes']),
  )
})

test('the global object in front makes no difference', () => {
  for (const text of ['globalThis.setTimeout(f)', 'self.setTimeout(f)', 'window.setTimeout(f)']) {
    expect(namesOf(parse(text).references)).toContain('setTimeout')
  }
})

test('types, comments, strings, keys and members are no references', () => {
  const { references } = parse(`
    // Date.now()
    type Timer = ReturnType<typeof setTimeout>
    let socket: WebSocket | undefined
    const text = 'Math.random()'
    const ports = { crypto: 1, setTimeout() {} }
    ports.crypto
    class Clock { setInterval = 1 }
  `)
  const banned = ['Date.now', 'setTimeout', 'setInterval', 'WebSocket', 'Math.random', 'crypto']
  expect(namesOf(references).filter((name) => banned.includes(name))).toEqual([])
})

test('an expression behind a type assertion is still an expression', () => {
  for (const text of ['f(crypto as never)', 'f(crypto!)', 'f(crypto satisfies object)']) {
    expect(namesOf(parse(text).references)).toContain('crypto')
  }
})

test('a date without arguments reads the clock, one with arguments does not', () => {
  expect(namesOf(parse('new Date()').references)).toContain('new Date()')
  expect(namesOf(parse('new Date(0)').references)).not.toContain('new Date()')
})

test('an export wants a docstring right above it', () => {
  const { undocumented } = parse(`
/** Said. */
export const a = 1
// Not a docstring.
export function b() {}
/* Nor this. */
export type C = 1
/** Of something else. */
const d = 1
export interface E {}
/** Said once. */
export function f(x: 1): void
export function f(x: unknown): void {}
export { d }
  `)
  expect(undocumented).toEqual([
    { name: 'b', line: 5 },
    { name: 'C', line: 7 },
    { name: 'E', line: 10 },
  ])
})

test('a list of exports is told from a file that declares', () => {
  expect(parse("export { a } from './a.ts'\nexport type { B } from './b.ts'").isExportList).toBe(
    true,
  )
  expect(parse("export { a } from './a.ts'\nexport const b = 1").isExportList).toBe(false)
  expect(parse("export * from './a.ts'").hasStarExport).toBe(true)
  expect(parse("export * as a from './a.ts'").hasStarExport).toBe(false)
  expect(parse('export default 1').hasDefaultExport).toBe(true)
})

test('titles are the first texts of calls, however the test is made', () => {
  const { titles } = parse(
    "test('[TX1] one', f); test.each([1])('[TX2] two %i', f); law(`[TX3] three $" + '{n}`, f)',
  )
  expect(namesOf(titles)).toEqual(['[TX1] one', '[TX2] two %i', '[TX3] three '])
})

test('strings that name source files are kept: workers, files given to tools', () => {
  const { pathStrings } = parse(
    "new Worker(new URL('./w.ts', import.meta.url)); run('apps/x/main.tsx'); say('hello')",
  )
  expect(pathStrings).toEqual(['./w.ts', 'apps/x/main.tsx'])
})

test('text that does not parse is an error with the path', () => {
  expect(() => parse('export const = 1')).toThrow('file.ts does not parse')
})
