import { serve } from '@inner-universe/client/worker'
import { counterModule } from './counter.ts'

serve(counterModule)
