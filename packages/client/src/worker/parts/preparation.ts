export { preparation } from '@inner-universe/engine/preparation'
export { ALWAYS } from '../always.ts'
