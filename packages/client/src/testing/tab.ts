// A tab of the browser tests: an iframe of its own, which can be killed by removing it.
import { openShared } from './open-shared.ts'
import { openTodos } from './open-todos.ts'
import { openVersioned } from './open-versioned.ts'

Object.assign(globalThis, { openTodos, openShared, openVersioned })
parent.postMessage('tab ready')
