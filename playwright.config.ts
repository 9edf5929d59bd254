import { CHROMIUM_ARGS, findChromium, findFreePort } from '@inner-universe/tooling'
import { defineConfig, type PlaywrightTestConfig } from '@playwright/test'

const executablePath = findChromium()

// Every worker process reads this file again and has to come to the same port.
process.env.E2E_PORT ??= String(await findFreePort())
const origin = `http://127.0.0.1:${process.env.E2E_PORT}`

const config: PlaywrightTestConfig = defineConfig({
  testDir: 'apps/demo/e2e',
  testMatch: '*.e2e.ts',
  outputDir: 'test-results',
  fullyParallel: false,
  // Two browsers that write to disk at once make each other's timings meaningless.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: 'line',
  timeout: 60_000,
  use: {
    baseURL: origin,
    headless: true,
    launchOptions: {
      args: [...CHROMIUM_ARGS],
      ...(executablePath === undefined ? {} : { executablePath }),
    },
    trace: 'retain-on-failure',
  },
  projects: [{ name: 'chromium', use: { browserName: 'chromium' } }],
  webServer: {
    // The production build: `npm run e2e` makes it first.
    command: `vite preview apps/demo --config vite.config.ts --port ${process.env.E2E_PORT} --strictPort`,
    url: origin,
    reuseExistingServer: false,
  },
})

export default config
