import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkMutants } from './mutants/mutant.ts'
import { MUTANTS } from './mutants/mutants.ts'

const main = join(import.meta.dirname, 'main.ts')

/** What `npm run sim` prints and how it ends. */
function run(
  args: readonly string[],
  mutant?: string,
): Promise<{ readonly text: string; readonly code: number | null }> {
  const loader = ['--import', join(import.meta.dirname, 'mutants/load-mutant.ts')]
  const child = spawn(process.execPath, [...(mutant === undefined ? [] : loader), main, ...args], {
    env: { ...process.env, ...(mutant !== undefined && { SIM_MUTANT: mutant }) },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text += data
    })
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ text, code }))
  })
}

test('five hundred worlds come to rest with nothing lost', { timeout: 900_000 }, async () => {
  const { text, code } = await run(['--seeds', '500', '--shrink', '100', '--failures', '3'])
  expect(text).toMatch(/^500 seeds, 0 failed$/m)
  expect(code).toBe(0)
})

test('a seed runs the same way twice', { timeout: 120_000 }, async () => {
  const [first, second] = [await run(['--seed', '7']), await run(['--seed', '7'])]
  expect(first.text).toContain('1 seeds, 0 failed')
  expect(second.text).toBe(first.text)
})

test('the text of every mutant is in its file once', () => {
  expect(() => checkMutants(MUTANTS)).not.toThrow()
})

test('rules that are put out of action are missed', { timeout: 300_000 }, async () => {
  for (const mutant of QUICK_MUTANTS) {
    const { text } = await run(['--seeds', '60', '--shrink', '0', '--failures', '1'], mutant)
    expect(text, mutant).toMatch(/^seed \d+ failed: /m)
  }
})

/** Mutants that a few seeds notice. */
const QUICK_MUTANTS = ['clock-receive', 'ack-before-fsync', 'rights', 'local-rows', 'base-lift']
