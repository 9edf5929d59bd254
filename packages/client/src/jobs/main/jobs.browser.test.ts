import { expect, test } from 'vitest'
import { codeOf, jobContract } from '../../testing/job-contract.ts'
import { Persistency } from './index.ts'

let rootCount = 0

function worker(): Worker {
  return new Worker(new URL('../../testing/jobs.worker.ts', import.meta.url), { type: 'module' })
}

jobContract('jobs in OPFS', {
  newRoot: () => `test/${performance.timeOrigin}/../${++rootCount}`,
  open: (root, options) => Persistency.open(root, { ...options, worker }),
  isKept: true,
})

jobContract('jobs in the memory of a browser', {
  newRoot: () => ':memory:',
  open: (root, options) => Persistency.open(root, { ...options, worker }),
  isKept: false,
})

test('[KJ20] a script that is not there, or that serves nothing, is told', async () => {
  const absent = (): Worker => new Worker('/nowhere.js', { type: 'module' })
  const root = await Persistency.open(':memory:', { worker: absent })
  expect(await codeOf(root.openJob('a'))).toBe('client/worker-failed')
  const silent = (): Worker => new Worker('data:text/javascript,')
  const deaf = await Persistency.open(':memory:', { worker: silent, timeoutMs: 50 })
  expect(await codeOf(deaf.openJob('a'))).toBe('kv/timeout')
})
