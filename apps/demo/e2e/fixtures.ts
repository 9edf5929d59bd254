/** The tests' browser and the app's own words for what a person does in it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  test as base,
  expect as baseExpect,
  chromium,
  type Locator,
  type Page,
} from '@playwright/test'

/**
 * Playwright's test with a browser of its own for each: a profile on disk, as a person has. Without
 * one Chromium keeps OPFS in memory and gives it little room. Errors a page does not catch fail it.
 */
export const test: typeof base = base.extend({
  context: async (
    { launchOptions, headless, baseURL, viewport, colorScheme, hasTouch, isMobile },
    use,
  ) => {
    const profile = await mkdtemp(join(tmpdir(), 'inner-universe-e2e-'))
    const context = await chromium.launchPersistentContext(profile, {
      ...launchOptions,
      headless: headless ?? true,
      ...(baseURL === undefined ? {} : { baseURL }),
      ...(viewport === undefined ? {} : { viewport }),
      ...(colorScheme === undefined ? {} : { colorScheme }),
      ...(hasTouch === undefined ? {} : { hasTouch }),
      ...(isMobile === undefined ? {} : { isMobile }),
    })
    const errors: string[] = []
    context.on('weberror', (error) => errors.push(String(error.error())))
    await use(context)
    await context.close()
    await rm(profile, { recursive: true, force: true })
    expect(errors, 'errors no page caught').toEqual([])
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
