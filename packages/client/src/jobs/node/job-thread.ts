// The thread of one job: serves what its root asks.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort } from 'node:worker_threads'
import { assert } from '@inner-universe/core'
import { deleteNodeDatabase, openNodeDatabase } from '@inner-universe/sqlite/node'
import { createDefer } from '../defer.ts'
import { hostJob } from '../worker/job-host.ts'

const port = parentPort
assert(port !== null, 'a job is served by a thread of its own')
port.on(
  'message',
  hostJob({
    send: (message) => port.postMessage(message),
    defer: createDefer(),
    open: async (place) => {
      if (place.kind === 'memory') {
        return openNodeDatabase({ path: ':memory:', durability: 'process' })
      }
      mkdirSync(dirname(place.path), { recursive: true })
      return openNodeDatabase({ path: place.path, durability: place.durability })
    },
    drop: async (place) => {
      if (place.kind === 'stored') deleteNodeDatabase(place.path)
    },
  }),
)
