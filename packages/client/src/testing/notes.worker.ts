// Worker of the browser tests: another module.
import { serve } from '../worker/index.ts'
import { notes } from './notes.ts'

serve(notes)
