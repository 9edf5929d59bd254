/** The repository as the tidy test sees it: its packages, its files and what they import. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { ImportGraph } from './import-graph.ts'
import { parseSourceFile, type SourceFile } from './source-file.ts'

/** The parts of a package.json that are asked about. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A folder of `packages/` or `apps/`. */
export interface Package {
  /** `packages/core`. */
  readonly folder: string
  readonly manifest: Manifest
}

/** Everything read once. Paths are relative to the repository, with forward slashes. */
export interface Workspace {
  readonly manifest: Manifest
  readonly packages: readonly Package[]
  /** Every file that is kept, in alphabetical order. */
  readonly paths: readonly string[]
  /** The TypeScript files by path. */
  readonly sources: ReadonlyMap<string, SourceFile>
  read(path: string): string
}

/** Folders with files that are made, not written. Folders with a dot are left out as well. */
const MADE_FOLDERS = new Set([
  'node_modules',
  'dist',
  'coverage',
  'test-results',
  'playwright-report',
])

/** Reads the repository below `root`. Cost: every TypeScript file is parsed once. */
export function readWorkspace(root: string): Workspace {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8')
  const readManifest = (path: string): Manifest => JSON.parse(read(path))
  const paths = listFiles(root, '').sort()
  const sources = paths
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [path, parseSourceFile(path, read(path))] as const)
  const packages = ['packages', 'apps']
    .flatMap((top) => readdirSync(join(root, top)).map((name) => `${top}/${name}`))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(`${folder}/package.json`) }))
  return {
    manifest: readManifest('package.json'),
    packages,
    paths,
    sources: new Map(sources),
    read,
  }
}

/** The package a file belongs to; undefined for files of the repository itself. */
export function packageOf(workspace: Workspace, path: string): Package | undefined {
  return workspace.packages.find(({ folder }) => path.startsWith(`${folder}/`))
}

/** `./x.ts` or `../x.ts` as a path of the repository, without `?worker` and its like. */
export function resolveRelative(fromPath: string, specifier: string): string {
  return posix.join(posix.dirname(fromPath), specifier.replace(/\?.*$/, ''))
}

/** `@scope/name/part` → `@scope/name`, `name/part` → `name`. */
export function packageNameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** TypeScript files with the files they import by a relative path. */
export function relativeImports(workspace: Workspace): ImportGraph {
  return mapSources(workspace, (source) =>
    source.imports
      .filter(({ name }) => name.startsWith('.'))
      .map(({ name }) => resolveRelative(source.path, name)),
  )
}

/**
 * The same with every file named in a string, relative to the file or to the repository: workers by
 * URL, files that tools are told to run.
 */
export function namedFiles(workspace: Workspace): ImportGraph {
  const imports = relativeImports(workspace)
  return mapSources(workspace, (source) => [
    ...(imports.get(source.path) ?? []),
    ...source.pathStrings.flatMap((text) => [
      resolveRelative(source.path, text),
      posix.normalize(text),
    ]),
  ])
}

/** Files that start something: what a package exports, pages, scripts, configuration, tests. */
export function entryPaths(workspace: Workspace): string[] {
  const exported = workspace.packages.flatMap(({ folder, manifest }) =>
    [...Object.values(manifest.exports ?? {}), ...Object.values(manifest.bin ?? {})].map((path) =>
      posix.join(folder, path),
    ),
  )
  const scripts = Object.values(workspace.manifest.scripts ?? {}).flatMap(
    (script) => script.match(/\S+\.tsx?\b/g) ?? [],
  )
  const fromPages = workspace.paths
    .filter((path) => path.endsWith('.html'))
    .flatMap((path) => {
      const sources = workspace.read(path).matchAll(/<script[^>]*\ssrc="\/?([^"]+)"/g)
      // A page may be built with its package as the root, or with its own folder.
      const roots = [packageOf(workspace, path)?.folder ?? '', posix.dirname(path)]
      return [...sources].flatMap(([, source = '']) =>
        roots.map((root) => posix.join(root, source)),
      )
    })
  const startedByTools = workspace.paths.filter(
    (path) => isTestPath(path) || /(^[^/]+\.config|\.d)\.ts$/.test(path),
  )
  return [...exported, ...scripts, ...fromPages, ...startedByTools]
}

/** Tests of every kind, and the contract suites under `testing/` that tests share. */
export function isTestPath(path: string): boolean {
  return /\.(test|test-d|e2e)\.tsx?$/.test(path) || /\/(src\/testing|e2e)\//.test(path)
}

function mapSources(
  workspace: Workspace,
  name: (source: SourceFile) => readonly string[],
): ImportGraph {
  return new Map(
    [...workspace.sources.values()].map((source) => [
      source.path,
      name(source).filter((path) => workspace.sources.has(path)),
    ]),
  )
}

function listFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || MADE_FOLDERS.has(entry.name)) return []
    const path = posix.join(folder, entry.name)
    return entry.isDirectory() ? listFiles(root, path) : [path]
  })
}
