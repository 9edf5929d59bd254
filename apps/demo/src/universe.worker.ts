// The worker that owns the database file.
import { serve } from '@inner-universe/client/worker'
import { wordnetModule } from './wordnet-module.ts'

serve(wordnetModule)
