// Worker of the browser tests: a browser that denies OPFS, as a private window does.
import { serve } from '../worker/index.ts'
import { todos } from './todos.ts'

navigator.storage.getDirectory = () => Promise.reject(new DOMException('denied', 'SecurityError'))
serve(todos)
