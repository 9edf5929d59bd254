// A tab of the browser tests: an iframe of its own, which can be killed by removing it.
import { openJobs } from './open-jobs.ts'
import { openShared } from './open-shared.ts'
import { openTodos } from './open-todos.ts'

Object.assign(globalThis, { openTodos, openShared, openJobs })
parent.postMessage('tab ready')
