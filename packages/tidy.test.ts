// House rules that a linter cannot know, as plain code: each test is one rule, and fails with the
// list of what breaks it. CONTRIBUTING.md says why the rules are there.
import { join } from 'node:path'
import {
  entryPaths,
  findCycles,
  findUnreached,
  isTestPath,
  namedFiles,
  packageNameOf,
  packageOf,
  readWorkspace,
  relativeImports,
  resolveRelative,
  type SourceFile,
} from '@inner-universe/tooling/tidy'
import { expect, test } from 'vitest'

/** Folder → the packages it may import. Dependencies point downwards only. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/sqlite': ['core'],
  'packages/engine': ['core', 'sqlite'],
  // Of the driver the contract only: where its state is kept in SQLite.
  'packages/views': ['core', 'sqlite', 'tooling'],
  'packages/sync': ['core'],
  'packages/documents': ['core'],
  // Its tests sync over a relay that is there; it declares it for that.
  'packages/client': ['core', 'sqlite', 'engine', 'views', 'sync', 'documents', 'relay'],
  // Of the engine and the driver its tests make stores with several callers; it declares them for that.
  'packages/universe': ['core', 'client', 'engine', 'sqlite'],
  'packages/relay': ['core', 'sqlite', 'engine', 'views', 'sync', 'documents'],
  'packages/react': ['client'],
  'packages/devtools': ['client', 'react'],
  'packages/testing': ['client', 'relay'],
  'packages/tooling': [],
  'apps/demo': ['core', 'documents', 'client', 'universe', 'react', 'relay', 'devtools', 'tooling'],
  'apps/bench': [
    'core',
    'sqlite',
    'engine',
    'views',
    'sync',
    'client',
    'universe',
    'relay',
    'tooling',
  ],
  'apps/sim': [
    'core',
    'sqlite',
    'engine',
    'views',
    'sync',
    'client',
    'universe',
    'relay',
    'testing',
  ],
}

/** Inside `client`: folder of `src/` → the others it may import. `rpc` is where the two sides meet. */
const CLIENT_LAYERS: Readonly<Record<string, readonly string[]>> = {
  rpc: [],
  main: ['rpc'],
  worker: ['rpc'],
  node: ['main', 'rpc', 'worker'],
  // Of `main` the clock and the broker, of `worker` how other tabs find it.
  jobs: ['main', 'rpc', 'worker'],
}

/** Time, randomness, timers and transport: passed in everywhere but at the rim. */
const RIM_NAMES: readonly string[] = [
  'Date.now',
  'new Date()',
  'performance.now',
  'Math.random',
  'crypto',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'WebSocket',
]

/** The same by the back door. */
const RIM_MODULES: readonly string[] = ['node:crypto', 'node:timers', 'node:timers/promises', 'ws']

/** Where those may be used, besides tests. */
const RIM_PATHS: readonly string[] = [
  'packages/client/src/main/',
  'packages/client/src/worker/',
  'packages/client/src/node/',
  'packages/relay/src/server.ts',
  'packages/relay/src/cli.ts',
  'packages/relay/src/system.ts',
  // What SQLite's C asks of its operating system; nothing of ours asks it for the time.
  'packages/sqlite/src/wasm/platform.ts',
  'packages/tooling/',
  'apps/',
]

/** Names that say nothing about what is inside. */
const DRAWERS: readonly string[] = [
  'common',
  'helper',
  'helpers',
  'lib',
  'misc',
  'shared',
  'types',
  'util',
  'utils',
]

/** A rule of a spec: a line that begins with its id in bold, as text or as a list item. */
const RULE_LINE = /^(?:- )?\*\*\[?([A-Z]{2,}[0-9]+)\]?\*\*/gm

/** A test of rules: its title begins with their ids, `[TX3] …` or `[TX3] [TX4] …`. */
const RULE_TITLE = /^(?:\[[A-Z]{2,}[0-9]+\] ?)+/

const ROOT = join(import.meta.dirname, '..')
const SCOPE = '@inner-universe/'
const workspace = readWorkspace(ROOT)
const sources = [...workspace.sources.values()]
const packageSources = sources.filter(
  ({ path }) => path.startsWith('packages/') && packageOf(workspace, path) && !isTestPath(path),
)

test('every package stands in the layering table under its folder name', () => {
  const unknown = workspace.packages
    .filter(({ folder, manifest }) => {
      const name = folder.slice(folder.indexOf('/') + 1)
      return LAYERS[folder] === undefined || manifest.name !== `${SCOPE}${name}`
    })
    .map(({ folder, manifest }) => `${folder}: ${manifest.name}`)
  expect(unknown).toEqual([])
})

test('packages import and declare only packages of the layers below them', () => {
  const imported = sources.flatMap((source) =>
    bareImports(source).map(({ name, line }) => ({
      folder: packageOf(workspace, source.path)?.folder,
      name,
      at: `${source.path}:${line}`,
    })),
  )
  const declared = workspace.packages.flatMap(({ folder, manifest }) =>
    Object.keys({
      ...manifest.dependencies,
      ...manifest.peerDependencies,
      ...manifest.devDependencies,
    }).map((name) => ({ folder, name, at: `${folder}/package.json` })),
  )
  const faults = [...imported, ...declared]
    .filter(({ name }) => name.startsWith(SCOPE))
    .filter(({ folder, name }) => {
      const allowed = folder === undefined ? undefined : LAYERS[folder]
      return allowed !== undefined && !allowed.includes(name.slice(SCOPE.length))
    })
    .map(({ name, at }) => `${at} → ${name}`)
  expect(faults).toEqual([])
})

test('in the client, tab and worker meet only in rpc', () => {
  const prefix = 'packages/client/src/'
  const folderOf = (path: string): string => path.slice(prefix.length).split('/')[0] ?? ''
  const faults = [...relativeImports(workspace)]
    .filter(([path]) => path.startsWith(prefix) && !isTestPath(path))
    .flatMap(([path, targets]) =>
      targets
        .filter((target) => folderOf(target) !== folderOf(path))
        .filter((target) => !CLIENT_LAYERS[folderOf(path)]?.includes(folderOf(target)))
        .map((target) => `${path} → ${target}`),
    )
  expect(faults).toEqual([])
})

test('every imported package is declared by the package that imports it', () => {
  const faults = sources.flatMap((source) => {
    const declared = declaredFor(source)
    return bareImports(source)
      .filter(({ name }) => !name.startsWith('node:') && !declared.has(name))
      .map(({ name, line }) => `${source.path}:${line} → ${name}`)
  })
  expect(faults).toEqual([])
})

test('relative imports stay inside their package', () => {
  const faults = sources.flatMap((source) => {
    const folder = packageOf(workspace, source.path)?.folder
    return source.imports
      .filter(({ name }) => name.startsWith('.'))
      .filter(({ name }) => {
        const target = resolveRelative(source.path, name)
        return packageOf(workspace, target)?.folder !== folder || target.startsWith('..')
      })
      .map(({ name, line }) => `${source.path}:${line} → ${name}`)
  })
  expect(faults).toEqual([])
})

test('no files import each other in a circle', () => {
  const cycles = findCycles(relativeImports(workspace))
  expect(cycles.map((cycle) => cycle.join(' → '))).toEqual([])
})

test('every source file is reached from an entry, a page or a test', () => {
  expect(findUnreached(namedFiles(workspace), entryPaths(workspace))).toEqual([])
})

test('every path a package exports is there', () => {
  const missing = workspace.packages.flatMap(({ folder, manifest }) =>
    Object.values(manifest.exports ?? {})
      .map((path) => join(folder, path))
      .filter((path) => !workspace.sources.has(path)),
  )
  expect(missing).toEqual([])
})

test('time, randomness, timers and transport are used only at the rim', () => {
  const faults = sources
    .filter(({ path }) => !isTestPath(path) && packageOf(workspace, path) !== undefined)
    .filter(({ path }) => !RIM_PATHS.some((rim) => path.startsWith(rim)))
    .flatMap(({ path, references, imports }) =>
      [
        ...references.filter(({ name }) => RIM_NAMES.includes(name)),
        ...imports.filter(({ name }) => RIM_MODULES.includes(name)),
      ].map(({ name, line }) => `${path}:${line} ${name}`),
    )
  expect(faults).toEqual([])
})

test('files and folders are in kebab-case and named for what they hold', () => {
  const faults = workspace.paths
    .filter((path) => /^(packages|apps)\/.*\.(tsx?|m?js|css|html)$/.test(path))
    .filter((path) =>
      path.split('/').some((part) => {
        const [stem = '', ...suffixes] = part.split('.')
        return ![stem, ...suffixes].every(isKebabCase) || DRAWERS.includes(stem)
      }),
    )
  expect(faults).toEqual([])
})

test('only configuration files have a default export', () => {
  const faults = sources.filter(
    ({ path, hasDefaultExport }) => hasDefaultExport && !/^[^/]+\.config\.ts$/.test(path),
  )
  expect(faults.map(({ path }) => path)).toEqual([])
})

test('an index is an explicit list of names, and nothing is exported by star', () => {
  const faults = packageSources.filter(
    ({ path, isExportList, hasStarExport }) =>
      hasStarExport || (path.endsWith('/index.ts') && !isExportList),
  )
  expect(faults.map(({ path }) => path)).toEqual([])
})

test('every exported name has a docstring', () => {
  const faults = packageSources.flatMap(({ path, undocumented }) =>
    undocumented.map(({ name, line }) => `${path}:${line} ${name}`),
  )
  expect(faults).toEqual([])
})

test('every rule of a spec has one id, and a test that names it', () => {
  const named = new Set(ruleTitles().map(({ id }) => id))
  const rules = specRules()
  const twice = rules.filter(({ id }, index) => rules.findIndex((each) => each.id === id) < index)
  expect(twice.map(({ id, path }) => `${path} ${id} again`)).toEqual([])
  const untested = rules.filter(({ id }) => !named.has(id))
  expect(untested.map(({ id, path }) => `${path} ${id}`)).toEqual([])
})

test('every rule that a test names is in a spec', () => {
  const ids = new Set(specRules().map(({ id }) => id))
  const unknown = ruleTitles().filter(({ id }) => !ids.has(id))
  expect(unknown.map(({ id, at }) => `${at} ${id}`)).toEqual([])
})

test('the lockfile and the npm settings name no registry', () => {
  const lockfile: { packages: Record<string, { resolved?: string; link?: boolean }> } = JSON.parse(
    workspace.read('package-lock.json'),
  )
  const resolved = Object.entries(lockfile.packages)
    .filter(([, entry]) => entry.resolved !== undefined && entry.link !== true)
    .map(([path, entry]) => `${path}: ${entry.resolved}`)
  expect(resolved).toEqual([])
  const settings = workspace.read('.npmrc').split('\n')
  expect(settings.filter((line) => /registry\s*=|\/\//.test(line))).toEqual([])
})

function bareImports(source: SourceFile): { name: string; line: number }[] {
  return source.imports
    .filter(({ name }) => !name.startsWith('.') && !name.startsWith('/'))
    .map(({ name, line }) => ({
      name: name.startsWith('node:') ? name : packageNameOf(name),
      line,
    }))
}

/**
 * The packages a file may name. What runs only here (tests, apps, tooling) may also use the tools
 * that the repository declares; the repository's own files may use its packages.
 */
function declaredFor(source: SourceFile): ReadonlySet<string> {
  const tools = Object.keys(workspace.manifest.devDependencies ?? {})
  const owner = packageOf(workspace, source.path)?.manifest
  if (owner === undefined) {
    return new Set([...tools, ...workspace.packages.map(({ manifest }) => manifest.name)])
  }
  const published = Object.keys({ ...owner.dependencies, ...owner.peerDependencies })
  if (owner.private !== true && !isTestPath(source.path)) return new Set(published)
  return new Set([...published, ...Object.keys(owner.devDependencies ?? {}), ...tools])
}

function isKebabCase(part: string): boolean {
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)
}

function specRules(): { id: string; path: string }[] {
  return workspace.paths
    .filter((path) => /^packages\/[^/]+\/[^/]+\.md$/.test(path))
    .flatMap((path) =>
      [...workspace.read(path).matchAll(RULE_LINE)].map(([, id = '']) => ({ id, path })),
    )
}

function ruleTitles(): { id: string; at: string }[] {
  return sources
    .filter(({ path }) => isTestPath(path))
    .flatMap(({ path, titles }) =>
      titles.flatMap(({ name, line }) =>
        (RULE_TITLE.exec(name)?.[0].match(/[A-Z]+[0-9]+/g) ?? []).map((id) => ({
          id,
          at: `${path}:${line}`,
        })),
      ),
    )
}
