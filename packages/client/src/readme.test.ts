import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** An app imports the package by name; a package does not import itself. */
const asInAnApp = (file: string): string =>
  read(`example/${file}`)
    .replace('../src/main/index.ts', '@inner-universe/client')
    .replace('../src/worker/index.ts', '@inner-universe/client/worker')
    .trimEnd()

test.each([
  { name: 'example', files: ['todos.ts', 'todos.worker.ts', 'main.ts', 'index.html'] },
  { name: 'example of a declared view', files: ['plans.ts', 'plans-main.ts'] },
  { name: 'example with versions', files: ['recipes.ts', 'recipes-main.ts'] },
  { name: 'synced example', files: ['synced.ts', 'synced.html'] },
])('the README prints the $name as it is, in at most 60 lines', ({ files }) => {
  const readme = read('README.md')
  let lineCount = 0
  for (const file of files) {
    const text = asInAnApp(file)
    lineCount += text.split('\n').length
    expect(readme).toContain(text)
  }
  expect(lineCount).toBeLessThanOrEqual(60)
})
