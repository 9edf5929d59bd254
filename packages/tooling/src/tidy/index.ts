export { findCycles, findUnreached, type ImportGraph } from './import-graph.ts'
export { type Occurrence, parseSourceFile, type SourceFile } from './source-file.ts'
export {
  entryPaths,
  isTestPath,
  type Manifest,
  namedFiles,
  type Package,
  packageNameOf,
  packageOf,
  readWorkspace,
  relativeImports,
  resolveRelative,
  type Workspace,
} from './workspace.ts'
