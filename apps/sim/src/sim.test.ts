import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkMutants } from './mutants/mutant.ts'
import { MUTANTS } from './mutants/mutants.ts'

const main = join(import.meta.dirname, 'main.ts')

/** What `npm run sim` prints and how it ends. */
function run(args: readonly string[], options: { readonly mutant?: string } = {}) {
  const preload =
    options.mutant === undefined
      ? []
      : ['--import', join(import.meta.dirname, 'mutants/load-mutant.ts')]
  const { stdout, stderr, status } = spawnSync(process.execPath, [...preload, main, ...args], {
    encoding: 'utf8',
    env: { ...process.env, ...(options.mutant !== undefined && { SIM_MUTANT: options.mutant }) },
    maxBuffer: 64 * 1024 * 1024,
  })
  return { text: `${stdout}\n${stderr}`, status }
}

test('five hundred worlds come to rest with nothing lost', { timeout: 300_000 }, () => {
  const { text, status } = run(['--seeds', '500', '--shrink', '100', '--failures', '3'])
  expect(text).toMatch(/^500 seeds, 0 failed$/m)
  expect(status).toBe(0)
})

test('a seed runs the same way twice', { timeout: 60_000 }, () => {
  const [first, second] = [run(['--seed', '7']), run(['--seed', '7'])]
  expect(first.text).toContain('1 seeds, 0 failed')
  expect(second.text).toBe(first.text)
})

test('the text of every mutant is in its file once', () => {
  expect(() => checkMutants(MUTANTS)).not.toThrow()
})

test('rules that are put out of action are missed', { timeout: 120_000 }, () => {
  for (const mutant of QUICK_MUTANTS) {
    const { text } = run(['--seeds', '60', '--shrink', '0', '--failures', '1'], { mutant })
    expect(text, mutant).toMatch(/^seed \d+ failed: /m)
  }
})

/** Mutants that a few seeds notice. */
const QUICK_MUTANTS = ['tie-break']
