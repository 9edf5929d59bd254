export { undo } from '@inner-universe/engine/undo'
export { serve } from '../serve.ts'
