import { expect, test } from 'vitest'
import { codeOf, jobContract } from '../../testing/job-contract.ts'
import { jobsWorker as worker } from '../../testing/open-jobs.ts'
import { Persistency } from './index.ts'

let rootCount = 0

function instance(root?: string): Persistency {
  return root === undefined ? Persistency.instance() : Persistency.instance(root, { worker })
}

async function jobDirectory(root: string, jobId: string): Promise<FileSystemDirectoryHandle> {
  let directory = await navigator.storage.getDirectory()
  const rootName = encodeURIComponent(root).replaceAll('.', '%2E')
  for (const name of ['inner-universe-jobs', rootName, jobId]) {
    directory = await directory.getDirectoryHandle(name)
  }
  return directory
}

jobContract('jobs in OPFS', {
  newRoot: () => `test/${performance.timeOrigin}/../${++rootCount}`,
  open: (root, options) => Persistency.open(root, { ...options, worker }),
  instance,
  reset: () => Persistency.reset(),
  kept: {
    change: async (root, jobId, edit) => {
      const directory = await jobDirectory(root, jobId)
      // What is kept beside it is empty once a job has closed.
      for await (const [name, handle] of directory.entries()) {
        if (!name.endsWith('.db')) continue
        const file = handle as FileSystemFileHandle
        const bytes = new Uint8Array(await (await file.getFile()).arrayBuffer())
        edit(bytes)
        const out = await file.createWritable()
        await out.write(bytes)
        await out.close()
      }
    },
    second: 'shares',
  },
})

jobContract('jobs in the memory of a browser', {
  newRoot: () => ':memory:',
  open: (root, options) => Persistency.open(root, { ...options, worker }),
  instance,
  reset: () => Persistency.reset(),
})

test('[KJ20] a script that is not there, or that serves nothing, is told', async () => {
  const absent = (): Worker => new Worker('/nowhere.js', { type: 'module' })
  const root = await Persistency.open(':memory:', { worker: absent })
  expect(await codeOf(root.openJob('a'))).toBe('client/worker-failed')
  const silent = (): Worker => new Worker('data:text/javascript,')
  const deaf = await Persistency.open(':memory:', { worker: silent, timeoutMs: 50 })
  expect(await codeOf(deaf.openJob('a'))).toBe('kv/timeout')
})
