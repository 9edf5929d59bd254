export { declaredViews } from '../declared-views.ts'
export { serve } from '../serve.ts'
