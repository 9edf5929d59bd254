import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { findUnreached } from './import-graph.ts'
import {
  entryPaths,
  isTestPath,
  namedFiles,
  packageNameOf,
  packageOf,
  readWorkspace,
  resolveRelative,
} from './workspace.ts'

const FILES = {
  'package.json': '{ "name": "root", "scripts": { "sim": "node apps/app/src/script.ts --fast" } }',
  'vite.config.ts': "const setup = 'packages/lib-a/src/setup.ts'",
  'packages/lib-a/package.json': '{ "name": "@x/lib-a", "exports": { ".": "./src/index.ts" } }',
  'packages/lib-a/src/index.ts': "export { a } from './a.ts'",
  'packages/lib-a/src/a.ts': "new Worker(new URL('./a.worker.ts', import.meta.url))",
  'packages/lib-a/src/a.worker.ts': '',
  'packages/lib-a/src/setup.ts': '',
  'packages/lib-a/src/lost.ts': "import './a.ts'",
  'packages/lib-a/src/a.test.ts': "import './only-tested.ts'",
  'packages/lib-a/src/only-tested.ts': '',
  'apps/app/package.json': '{ "name": "@x/app" }',
  'apps/app/index.html': '<script type="module" src="/src/page.tsx"></script>',
  'apps/app/src/page.tsx': "import style from './page.css?inline'",
  'apps/app/src/page.css': '',
  'apps/app/src/script.ts': '',
  'apps/app/size/index.html': '<script type="module" src="./own.ts"></script>',
  'apps/app/size/own.ts': '',
  'apps/app/dist/page.ts': 'made, not written',
  'node_modules/x/index.ts': 'not ours',
}

test('what nothing starts, imports or names is unreached; everything else is reached', () => {
  const root = mkdtempSync(join(tmpdir(), 'workspace-test-'))
  try {
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    const workspace = readWorkspace(root)
    expect(findUnreached(namedFiles(workspace), entryPaths(workspace))).toEqual([
      'packages/lib-a/src/lost.ts',
    ])
    expect(workspace.packages.map(({ folder }) => folder)).toEqual(['packages/lib-a', 'apps/app'])
    expect(packageOf(workspace, 'packages/lib-a/src/a.ts')?.manifest.name).toBe('@x/lib-a')
    expect(packageOf(workspace, 'vite.config.ts')).toBeUndefined()
    expect(workspace.paths).toContain('apps/app/src/page.css')
    expect(workspace.sources.has('apps/app/dist/page.ts')).toBe(false)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('specifiers become paths and package names', () => {
  expect(resolveRelative('packages/a/src/x.ts', '../y.ts?worker')).toBe('packages/a/y.ts')
  expect(packageNameOf('@x/lib-a/worker')).toBe('@x/lib-a')
  expect(packageNameOf('react-dom/client')).toBe('react-dom')
})

test('tests of every kind are told from sources', () => {
  const tests = ['a.test.ts', 'a.browser.test.tsx', 'a.test-d.ts', 'demo/e2e/open.ts']
  expect(tests.map((name) => isTestPath(`packages/x/src/${name}`))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(isTestPath('packages/sqlite/src/testing/driver-contract.ts')).toBe(true)
  // The package of that name is a product, not a test.
  expect(isTestPath('packages/testing/src/network.ts')).toBe(false)
})
