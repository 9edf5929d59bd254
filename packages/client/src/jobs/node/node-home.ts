/** Jobs in Node: files of a directory, each served by a thread. */
import { type Stats, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { UniverseError } from '@inner-universe/core'
import { type JobDurability, type JobHome, MEMORY_ROOT, memoryHome } from '../job-home.ts'
import { isJobId } from '../job-id.ts'
import type { JobPort } from '../job-link.ts'
import { createPersistencies, type Persistencies, type RootOptions } from '../persistencies.ts'
import type { Persistency as Root } from '../persistency.ts'

/** How a root is opened in Node. */
export interface NodeJobsOptions extends RootOptions, JobDurability {}

/** A root and its jobs. */
export type Persistency = Root

/** Roots in Node: `<root>/<id>.db` for each job. See {@link Persistencies}. */
export const Persistency: Persistencies<readonly [options?: NodeJobsOptions]> = createPersistencies(
  (root, options: NodeJobsOptions = {}) => {
    if (root === MEMORY_ROOT) return memoryHome(startThread)
    checkRoot(root)
    return nodeHome(resolve(root), options.durability ?? 'power')
  },
)

/** What SQLite keeps beside a database file. */
const COMPANIONS = ['-wal', '-shm', '-journal']

function nodeHome(root: string, durability: 'power' | 'process'): JobHome {
  const pathOf = (jobId: string): string => join(root, `${jobId}.db`)
  return {
    start: startThread,
    startAlone: startThread,
    placeOf: (jobId) => ({ kind: 'stored', path: pathOf(jobId), durability }),
    list: async () => {
      const names = await readdir(root).catch((error: unknown) => {
        // The first job makes it.
        if ((error as { code?: unknown }).code === 'ENOENT') return []
        throw error
      })
      const jobIds = names
        .filter((name) => name.endsWith('.db'))
        .map((name) => name.slice(0, -3))
        .filter(isJobId)
      return Promise.all(
        jobIds.sort().map(async (id) => {
          const sizes = ['', ...COMPANIONS].map((end) => sizeOf(pathOf(id) + end))
          return { id, bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) }
        }),
      )
    },
  }
}

/** Bytes of a file; none of one that is not there, or not any more. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

/** Refuses a root that is a file or lies beneath one. Missing is fine. */
function checkRoot(root: string): void {
  for (let path = resolve(root); ; path = dirname(path)) {
    const found = statOf(path)
    if (found?.isDirectory() || (found === undefined && path === dirname(path))) return
    if (found !== undefined) {
      throw new UniverseError(
        'kv/invalid-argument',
        `${path} is a file, so "${root}" cannot be a root; give the path of a directory`,
      )
    }
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    // Beneath a file: that file comes further up.
    if ((error as { code?: unknown }).code === 'ENOTDIR') return undefined
    throw error
  }
}

function startThread(): JobPort {
  const thread = new Worker(new URL('./job-thread.ts', import.meta.url))
  return {
    post: (requests) => thread.postMessage(requests),
    listen: (onMessage, onEnd) => {
      const end = (why: string, cause?: unknown): void =>
        onEnd(
          new UniverseError(
            'kv/closed',
            `the thread of the job ended (${why}); open the job again: what was not acknowledged may be lost`,
            { cause },
          ),
        )
      thread.on('message', onMessage)
      thread.on('error', (error) => end(String(error), error))
      thread.on('exit', (code) => end(`code ${code}`))
    },
    terminate: async () => {
      await thread.terminate()
    },
  }
}
