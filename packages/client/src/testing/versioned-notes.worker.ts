// Worker of the browser tests: the module that keeps versions.
import { serve } from '../worker/index.ts'
import { versionedNotes } from './versioned-notes.ts'

serve(versionedNotes)
