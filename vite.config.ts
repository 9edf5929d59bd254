import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHROMIUM_ARGS, findChromium } from '@inner-universe/tooling'
import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type ViteUserConfig } from 'vitest/config'

// Which app is built, served or previewed is the command's first argument: `vite build apps/demo`.

const executablePath = findChromium()

/**
 * A real profile on disk, one per run: without one Chromium keeps OPFS in memory, and that is not
 * what the tests are about. The browser makes the directory; `remove-profile.ts` removes it.
 */
const profile = join(tmpdir(), `inner-universe-profile-${process.pid}`)

const config: ViteUserConfig = defineConfig({
  plugins: [react()],
  worker: { format: 'es' },
  build: {
    target: 'es2024',
    // Browsers that have all the rest have it.
    modulePreload: { polyfill: false },
    // Streaming compilation needs SQLite's wasm as a file of its own; the rest as Vite decides.
    assetsInlineLimit: (path) => (path.endsWith('.wasm') ? false : undefined),
  },
  server: { host: '127.0.0.1', port: 5173 },
  preview: { host: '127.0.0.1', port: 5173 },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          // The default leaves a core free for whoever waits at the screen; on two cores that is half.
          maxWorkers: '100%',
          include: ['{packages,apps}/**/*.test.{ts,tsx}'],
          exclude: ['**/node_modules/**', '**/dist/**', '**/*.browser.test.*', 'apps/*/e2e/**'],
        },
      },
      {
        extends: true,
        // Found late, one of these would make Vite bundle again and reload the page under a test.
        optimizeDeps: {
          include: [
            'comlink',
            'react',
            'react-dom/client',
            'yjs',
            'y-protocols/awareness',
            'lib0/encoding',
          ],
        },
        test: {
          name: 'browser',
          include: ['{packages,apps}/**/*.browser.test.{ts,tsx}'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: [
            'packages/tooling/src/remove-profile.ts',
            'packages/client/src/testing/relay-setup.ts',
          ],
          provide: { profile },
          // One profile serves one page at a time.
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                args: [...CHROMIUM_ARGS],
                ...(executablePath === undefined ? {} : { executablePath }),
              },
              persistentContext: profile,
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})

export default config
