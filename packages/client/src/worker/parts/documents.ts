export { documentReducers } from '@inner-universe/core'
export { serve } from '../serve.ts'
