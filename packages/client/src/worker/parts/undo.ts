export { undo } from '@inner-universe/engine/undo'
export { ALWAYS } from '../always.ts'
