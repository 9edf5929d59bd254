import { expect, open, openWithSample, openWord, type Page, test } from './fixtures.ts'

/** Addresses of every kind of page, in a universe with the sample. */
async function pagesOf(page: Page): Promise<string[]> {
  await openWithSample(page)
  await openWord(page, 'dog')
  await page.getByRole('button', { name: 'Write a note' }).click()
  await expect(page.getByRole('textbox', { name: 'Note on dog' })).toBeVisible()
  const entity = new URL(page.url()).pathname
  return [
    '/',
    entity,
    entity.replace('entity', 'graph'),
    '/live',
    '/events',
    '/history',
    '/sync',
    '/conflicts',
    '/storage',
    '/nowhere',
  ]
}

/** Controls a screen reader would read without a name. */
async function namelessControls(page: Page): Promise<string[]> {
  const nameless: string[] = []
  for (const role of ['button', 'link', 'textbox', 'radio', 'combobox', 'progressbar'] as const) {
    const all = await page.getByRole(role).count()
    const named = await page.getByRole(role, { name: /\S/ }).count()
    if (named < all) nameless.push(`${all - named} of role ${role}`)
  }
  return nameless
}

test('every page has a title, one heading of the first level and names for its controls', async ({
  page,
}) => {
  for (const path of await pagesOf(page)) {
    await open(page, path)
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
    await expect(page).toHaveTitle(/ · WordNet Explorer$/)
    await expect(page.getByRole('main')).toBeVisible()
    await expect(page.getByRole('banner')).toBeVisible()
    expect(await namelessControls(page), path).toEqual([])
    // The editor of notes pads lines with images that nobody is told of.
    const images = page.locator('img:not([alt]):not([aria-hidden="true"])')
    const imagesWithoutText = await images.count()
    expect(imagesWithoutText, path).toBe(0)
  }
})

test('the first key press offers to skip to the content', async ({ page }) => {
  await open(page)
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused()
})

test('dialogs take the focus and give it back', async ({ page }) => {
  await open(page)
  const button = page.getByRole('button', { name: 'New entity' })
  await button.click()
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Name' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(button).toBeFocused()
})

test('light, dark and the system’s choice can be set, and last', async ({ page }) => {
  await open(page)
  await page.getByRole('button', { name: 'Colour scheme' }).click()
  await page.getByRole('menuitemradio', { name: 'Dark' }).click()
  const root = page.locator('html')
  await expect(root).toHaveAttribute('data-mantine-color-scheme', 'dark')
  await page.reload()
  await expect(root).toHaveAttribute('data-mantine-color-scheme', 'dark')
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

  test('no page scrolls sideways, and the pages are in a menu', async ({ page }) => {
    for (const path of await pagesOf(page)) {
      await open(page, path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow, path).toBeLessThanOrEqual(0)
    }
    await page.getByRole('button', { name: 'Pages' }).click()
    await page.getByRole('menuitem', { name: 'Events' }).click()
    await expect(page.getByRole('heading', { level: 1, name: 'Events' })).toBeVisible()
  })
})
