// The worker that owns the database file.
import { serve } from '@inner-universe/client/worker'
import { standardModule } from '@inner-universe/universe'

serve(standardModule)
