export { documentReducers } from '@inner-universe/core'
export { ALWAYS } from '../always.ts'
