// The worker of the tests' universe.
import { serve } from '@inner-universe/client/worker'
import { notes } from './notes.ts'

serve(notes)
