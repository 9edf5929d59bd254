// Worker of the browser tests.
import { serve } from '../worker/index.ts'
import { todos } from './todos.ts'

serve(todos)
