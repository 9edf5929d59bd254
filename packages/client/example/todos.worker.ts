import { serve } from '../src/worker/index.ts'
import { todos } from './todos.ts'

serve(todos)
