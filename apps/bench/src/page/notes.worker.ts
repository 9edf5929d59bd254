import { serve } from '@inner-universe/client/worker'
import { notes } from './notes.ts'

serve(notes)
