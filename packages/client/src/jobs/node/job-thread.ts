// The thread of one job: serves what its root asks.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort } from 'node:worker_threads'
import { assert, UniverseError } from '@inner-universe/core'
import { deleteNodeDatabase, openNodeDatabase } from '@inner-universe/sqlite/node'
import { createDefer } from '../defer.ts'
import { hostJob } from '../worker/job-host.ts'

const port = parentPort
assert(port !== null, 'a job is served by a thread of its own')
const { connect } = hostJob({
  defer: createDefer(),
  open: async (place) => {
    if (place.kind === 'memory') {
      return openNodeDatabase({ path: ':memory:', durability: 'process' })
    }
    makeDirectory(dirname(place.path))
    return openNodeDatabase({ path: place.path, durability: place.durability })
  },
  drop: async (place) => {
    if (place.kind === 'stored') deleteNodeDatabase(place.path)
  },
})
port.on(
  'message',
  connect((message) => port.postMessage(message)),
)

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new UniverseError(
      'kv/backend',
      `the directory of the job could not be made: ${message}; give a root that can be written to`,
      { details: { backendCode: code }, cause },
    )
  }
}
