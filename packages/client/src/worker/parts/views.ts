export { ALWAYS } from '../always.ts'
export { declaredViews } from '../declared-views.ts'
