// Worker of the browser tests: the module that is synced.
import { serve } from '../worker/index.ts'
import { sharedNotes } from './shared-notes.ts'

serve(sharedNotes)
