import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const FILES = ['todos.ts', 'todos.worker.ts', 'main.ts', 'index.html']
const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

test('the README prints the example as it is, in at most 60 lines', () => {
  const readme = read('README.md')
  let lineCount = 0
  for (const file of FILES) {
    // An app imports the package by name; a package does not import itself.
    const text = read(`example/${file}`)
      .replace('../src/main/index.ts', '@inner-universe/client')
      .replace('../src/worker/index.ts', '@inner-universe/client/worker')
    lineCount += text.trimEnd().split('\n').length
    expect(readme).toContain(text.trimEnd())
  }
  expect(lineCount).toBeLessThanOrEqual(60)
})
