import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { jobContract } from '../../testing/job-contract.ts'
import { Persistency } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'jobs-'))
let rootCount = 0

afterAll(() => rmSync(folder, { recursive: true }))

jobContract('jobs in memory', {
  newRoot: () => ':memory:',
  open: (root, options) => Persistency.open(root, options),
  instance: (...root) => Persistency.instance(...(root as [string])),
  reset: () => Persistency.reset(),
})

jobContract('jobs in files', {
  newRoot: () => join(folder, String(++rootCount), 'deep'),
  open: (root, options) => Persistency.open(root, { ...options, durability: 'process' }),
  instance: (...root) => Persistency.instance(...(root as [string])),
  reset: () => Persistency.reset(),
  kept: {
    change: async (root, jobId, edit) => {
      const path = join(root, `${jobId}.db`)
      const file = readFileSync(path)
      edit(file)
      writeFileSync(path, file)
    },
    second: 'is refused',
  },
})
