/** The tests' browser and the app's own words for what a person does in it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BrowserContext,
  test as base,
  expect as baseExpect,
  chromium,
  type Locator,
  type Page,
  type PlaywrightTestOptions,
  type PlaywrightWorkerOptions,
} from '@playwright/test'

/** How a browser is opened. */
type ProfileOptions = Partial<
  Pick<
    PlaywrightTestOptions & PlaywrightWorkerOptions,
    'launchOptions' | 'headless' | 'baseURL' | 'viewport' | 'colorScheme' | 'hasTouch' | 'isMobile'
  >
> & {
  /** The relay its pages sync with. Default: none. */
  readonly relayUrl?: string
  /** True: sync is switched off from the beginning. */
  readonly isPaused?: boolean
}

/** A browser with a profile of its own. */
export interface Profile {
  readonly context: BrowserContext
  /** Ends it, removes its data, and fails if a page did not catch an error. */
  readonly close: () => Promise<void>
}

/**
 * Opens a browser with a new profile on disk, as a person has. Without one Chromium keeps OPFS in
 * memory and gives it little room.
 */
export async function openProfile(options: ProfileOptions): Promise<Profile> {
  const { launchOptions, headless, relayUrl = '', isPaused = false, ...page } = options
  const folder = await mkdtemp(join(tmpdir(), 'inner-universe-e2e-'))
  const context = await chromium.launchPersistentContext(folder, {
    ...launchOptions,
    headless: headless ?? true,
    ...Object.fromEntries(Object.entries(page).filter(([, value]) => value !== undefined)),
  })
  const errors: string[] = []
  context.on('weberror', (error) => errors.push(String(error.error())))
  await context.addInitScript(
    (settings) => {
      // A blank page, before the first: it has no storage.
      if (window.origin === 'null') return
      for (const [key, value] of settings) {
        // Once: what is chosen in the page afterwards is kept.
        if (localStorage.getItem(key) !== null || sessionStorage.getItem(key) !== null) continue
        localStorage.setItem(key, value)
        sessionStorage.setItem(key, 'set')
      }
    },
    [
      ['inner-universe-demo.relay', relayUrl] as const,
      ...(isPaused ? [['inner-universe-demo.offline', 'wanted'] as const] : []),
    ],
  )
  return {
    context,
    close: async () => {
      await context.close()
      await rm(folder, { recursive: true, force: true })
      expect(errors, 'errors no page caught').toEqual([])
    },
  }
}

/** Playwright's test with a browser of its own for each, see {@link openProfile}. */
export const test: typeof base = base.extend({
  context: async (
    { launchOptions, headless, baseURL, viewport, colorScheme, hasTouch, isMobile },
    use,
  ) => {
    const profile = await openProfile({
      launchOptions,
      headless,
      baseURL,
      viewport,
      colorScheme,
      hasTouch,
      isMobile,
    })
    await use(profile.context)
    await profile.close()
  },
})

/** Patient: what is awaited comes in well under a second on a machine with nothing else to do. */
export const expect: typeof baseExpect = baseExpect.configure({ timeout: 20_000 })

export type { Locator, Page }

/** Opens the app at a path and waits until the universe is open. */
export async function open(page: Page, path = '/'): Promise<void> {
  await page.goto(path)
  await expect(status(page)).toContainText(/Leader|Follower/)
}

/** The bar at the bottom. */
export function status(page: Page): Locator {
  return page.getByRole('status', { name: 'Status of the universe' })
}

/** The search in the header. */
export function search(page: Page): Locator {
  return page.getByRole('combobox', { name: 'Search entities' })
}

/** Opens the app and imports the sample of WordNet. */
export async function openWithSample(page: Page): Promise<void> {
  await open(page)
  await page.getByRole('button', { name: /Import a sample/ }).click()
  await expect(page.getByRole('heading', { name: 'WordNet is here' })).toBeVisible()
}

/** Searches for a word and opens the first result. */
export async function openWord(page: Page, word: string): Promise<void> {
  await search(page).fill(word)
  await expect(page.getByRole('option').first()).toHaveText(new RegExp(`^${word}(noun|verb)`))
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: word, exact: true })).toBeVisible()
}
