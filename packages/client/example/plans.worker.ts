import { serve } from '../src/worker/index.ts'
import { plans } from './plans.ts'

serve(plans)
