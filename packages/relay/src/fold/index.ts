export { Compactor, type CompactorEvent, type CompactorOptions } from './compactor.ts'
export {
  Fold,
  type FoldOptions,
  type FoldState,
  type FoldSystem,
  type ImageFacts,
} from './fold.ts'
export { type FoldThreadData, startFoldThread } from './fold-thread.ts'
export {
  createLocalFolds,
  type FoldedUniverse,
  type Folds,
  type LocalFoldsOptions,
} from './folds.ts'
export { copyImage, type ImageChunk, type ImageCopy, type ImageOptions } from './image.ts'
