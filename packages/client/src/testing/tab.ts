// A tab of the browser tests: an iframe of its own, which can be killed by removing it.
import { openTodos } from './open-todos.ts'

Object.assign(globalThis, { openTodos })
parent.postMessage('tab ready')
