import { expect, open, openWithSample, status, test } from './fixtures.ts'

test('an empty universe offers WordNet with its licence', async ({ page }) => {
  await open(page)
  const card = page.getByRole('region', { name: 'This universe is empty' })
  await expect(card).toContainText('117,791 meanings and 378,203 relations')
  await card.getByRole('button', { name: 'the WordNet licence' }).click()
  await expect(page.getByRole('dialog')).toContainText('Copyright 2011 by Princeton University')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
})

test('a sample is imported, counted, and still there after a reload', async ({ page }) => {
  await openWithSample(page)
  await expect(status(page)).toContainText('2,000 entities')
  await page.reload()
  await expect(status(page)).toContainText('2,000 entities')
  await expect(page.getByRole('region', { name: 'What is in this universe' })).toContainText(
    '2,000 entities',
  )
  await expect(page.getByRole('button', { name: 'Import the rest' })).toBeVisible()
})

test('all of WordNet is imported, with a break in the middle, and each row once', async ({
  page,
}) => {
  test.setTimeout(600_000)
  await open(page)
  await page.getByRole('button', { name: 'Import WordNet' }).click()
  const progress = page.getByRole('progressbar', { name: 'Import' })
  await expect
    .poll(async () => Number(await progress.getAttribute('aria-valuenow')), { timeout: 200_000 })
    .toBeGreaterThan(30)
  await page.getByRole('button', { name: 'Cancel' }).click()

  const unfinished = page.getByRole('region', { name: 'The import is not finished' })
  await expect(unfinished).toBeVisible()
  await page.reload()
  await unfinished.getByRole('button', { name: 'Go on' }).click()
  await expect(page.getByRole('heading', { name: 'WordNet is here' })).toBeVisible({
    timeout: 400_000,
  })
  await expect(status(page)).toContainText('117,791 entities')
  await expect(status(page)).toContainText('378,203 relations')
  const overview = page.getByRole('region', { name: 'What is in this universe' })
  await expect(overview).toContainText('82,192')
  await expect(overview).toContainText('13,789')
  await expect(overview).toContainText('18,185')
  await expect(overview).toContainText('3,625')
})
