import { ringPlaces } from '../src/graph/ring.ts'
import { expect, open, openWithSample, openWord, search, test } from './fixtures.ts'

test('a word is found while it is typed, with the keyboard alone', async ({ page }) => {
  await openWithSample(page)
  await page.keyboard.press('/')
  await expect(search(page)).toBeFocused()
  await page.keyboard.type('dog')
  const options = page.getByRole('option')
  await expect(options.first()).toHaveText(/^dog/)
  await expect(options.first()).toHaveAttribute('data-combobox-selected', 'true')
  await page.keyboard.press('ArrowDown')
  const second = await options.nth(1).locator('span span').first().innerText()
  await expect(options.nth(1)).toHaveAttribute('data-combobox-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(second)
})

test('a word that is nowhere is said to be so', async ({ page }) => {
  await openWithSample(page)
  await search(page).fill('zzyzx')
  await expect(page.getByText('Nothing matches “zzyzx”')).toBeVisible()
})

test('an entity shows its meaning and its relations both ways, a page at a time', async ({
  page,
}) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  const main = page.getByRole('main')
  await expect(main).toContainText('a member of the genus Canis')
  await expect(main).toContainText('domestic dog · Canis familiaris')
  const hyponyms = page.getByRole('region', { name: /^hyponym, / })
  const items = hyponyms.getByRole('listitem')
  await expect(items).toHaveCount(8)
  const first = await items.first().innerText()
  await hyponyms.getByRole('button', { name: 'Next page of hyponym' }).click()
  await expect(items.first()).not.toHaveText(first)

  await page.getByText(/^To it/).click()
  await expect(page.getByRole('region', { name: /^hypernym, / })).toBeVisible()
})

test('a page begins at its top', async ({ page }) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  const last = page.getByRole('main').getByRole('listitem').last().getByRole('link')
  await last.scrollIntoViewIfNeeded()
  const before = await page.evaluate(() => window.scrollY)
  expect(before).toBeGreaterThan(0)
  await last.click()
  await expect(page.getByRole('heading', { level: 1, name: 'dog' })).toBeHidden()
  await expect.poll(() => page.evaluate(() => window.scrollY)).toBe(0)
})

test('what is not there is said to be so', async ({ page }) => {
  await open(page, '/entity/776f7264-6e65-8310-8000-102086723000')
  await expect(page.getByRole('heading', { name: 'This entity is not here' })).toBeVisible()
  await open(page, '/nowhere')
  await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible()
})

test('the graph is walked by its list and by clicking in it', async ({ page }) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  await page.getByRole('link', { name: 'Graph' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'dog' })).toBeVisible()
  const neighbours = page.getByRole('navigation', { name: 'Neighbours' })
  await neighbours.getByRole('link', { name: 'canine', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'canine' })).toBeVisible()
  const trail = page.getByRole('navigation', { name: 'Way walked' })
  await expect(trail.getByRole('listitem')).toHaveText(['dog', 'canine'])

  // The first neighbour is drawn at the first place of the ring.
  const canvas = page.locator('canvas').last()
  const box = await canvas.boundingBox()
  if (box === null) throw new Error('the graph is not drawn')
  const [place] = ringPlaces(await neighbours.getByRole('link').count(), box.width, box.height)
  if (place === undefined) throw new Error('nothing is around it')
  await expect(async () => {
    const position = { x: box.width / 2 + place.x, y: box.height / 2 + place.y }
    await canvas.click({ position, force: true })
    await expect(trail.getByRole('listitem')).toHaveCount(3, { timeout: 1000 })
  }).toPass()
  await page.goBack()
  await expect(trail.getByRole('listitem')).toHaveText(['dog', 'canine'])
})
