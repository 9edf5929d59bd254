import { encodeKey } from '@inner-universe/core'
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

test('[KJ10] [KJ19] on a full disk a write is refused with its code, nothing else is lost, and it goes on when there is room', {
  timeout: 60_000,
}, async () => {
  const full = (): Worker =>
    new Worker(new URL('../../testing/full-disk-jobs.worker.ts', import.meta.url), {
      type: 'module',
    })
  const disk = new BroadcastChannel('full disk of jobs')
  const faults: unknown[] = []
  const path = `full/${performance.timeOrigin}`
  const root = await Persistency.open(path, {
    worker: full,
    onFault: (error) => faults.push(error),
  })
  const job = await root.openJob('job')
  await job.persistPutAcked('c', 1, 'before')
  disk.postMessage(true)
  // The worker is told by a channel of its own: until it has heard, there is room.
  const large = new Uint8Array(1_000_000)
  let refused: unknown
  while (refused === undefined) {
    refused = await job.persistPutAcked('c', 2, large).then(
      () => undefined,
      (error: unknown) => error,
    )
  }
  expect(refused).toMatchObject({
    code: 'kv/backend',
    details: { backendCode: 13, code: 'storage/quota-exceeded' },
  })
  await job.persistPut('c', 3, large)
  expect(await codeOf(job.flush())).toBe('kv/backend')
  expect(faults).toHaveLength(1)
  expect(await job.get('c', 1)).toEqual(encodeKey('before'))
  disk.postMessage(false)
  while ((await codeOf(job.persistPutAcked('c', 4, 'after'))) !== 'fulfilled');
  disk.close()
  await root.closeJob('job')
  const again = await root.openJob('job')
  expect([await again.exists('c', 1), await again.exists('c', 4)]).toEqual([true, true])
  expect(await again.exists('c', 3)).toBe(false)
  await root.close()
})

test('[KJ20] a script that is not there, or that serves nothing, is told', async () => {
  const absent = (): Worker => new Worker('/nowhere.js', { type: 'module' })
  const root = await Persistency.open(':memory:', { worker: absent })
  expect(await codeOf(root.openJob('a'))).toBe('client/worker-failed')
  const silent = (): Worker => new Worker('data:text/javascript,')
  const deaf = await Persistency.open(':memory:', { worker: silent, timeoutMs: 50 })
  expect(await codeOf(deaf.openJob('a'))).toBe('kv/timeout')
})
