// A tab of the browser tests: an iframe of its own, which can be killed by removing it.
import { openJobs } from './open-jobs.ts'
import { openShared } from './open-shared.ts'
import { openTodos } from './open-todos.ts'
import { openVersioned } from './open-versioned.ts'

Object.assign(globalThis, { openTodos, openShared, openJobs, openVersioned })
parent.postMessage('tab ready')
