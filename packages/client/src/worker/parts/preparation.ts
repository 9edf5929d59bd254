export { preparation } from '@inner-universe/engine/preparation'
export { serve } from '../serve.ts'
