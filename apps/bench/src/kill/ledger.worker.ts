import { serve } from '@inner-universe/client/worker'
import { ledger } from './ledger.ts'

serve(ledger)
