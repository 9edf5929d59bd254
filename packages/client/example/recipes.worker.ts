import { serve } from '../src/worker/index.ts'
import { recipes } from './recipes.ts'

serve(recipes)
