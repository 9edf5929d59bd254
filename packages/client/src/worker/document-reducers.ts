/** What a worker loads for modules with documents: the reducers that write them. */
export { documentReducers } from '@inner-universe/core'
