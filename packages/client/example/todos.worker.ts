import { serve } from '@inner-universe/client/worker'
import { todos } from './todos.ts'

serve(todos)
