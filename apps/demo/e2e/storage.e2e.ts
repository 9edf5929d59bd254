import { expect, open, openWithSample, openWord, status, test } from './fixtures.ts'

test('the page says where the data is, and that it is sound', async ({ page }) => {
  await openWithSample(page)
  await open(page, '/storage')
  const where = page.getByRole('region', { name: 'Where it is' })
  await expect(where).toContainText('OPFS')
  await expect(where).toContainText(/\d MB of/)
  await expect(where).toContainText('2,000 entities')
  await page.getByRole('button', { name: 'Check the database' }).click()
  await expect(page.getByText('It is sound.')).toBeVisible()
})

test('a file is exported, the universe deleted, and the file imported', async ({ page }) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  const path = new URL(page.url()).pathname
  await open(page, '/storage')
  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export the file' }).click()
  const file = await (await download).path()

  await page.getByRole('button', { name: 'Delete the universe' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog.getByRole('button', { name: 'Delete', exact: true })).toBeDisabled()
  await dialog.getByRole('textbox').fill('wordnet')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByRole('region', { name: 'This universe is empty' })).toBeVisible()

  await open(page, '/storage')
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('button', { name: 'Replace' }).click()
  await expect(page.getByText(/^Imported /)).toBeVisible()
  await expect(status(page)).toContainText('2,000 entities')
  await open(page, path)
  await expect(page.getByRole('heading', { level: 1, name: 'dog' })).toBeVisible()
})

test('a file that is no database is refused, and what is here stays', async ({ page }) => {
  await openWithSample(page)
  await open(page, '/storage')
  await page.locator('input[type=file]').setInputFiles({
    name: 'notes.sqlite',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from('these are only words'.repeat(1000)),
  })
  await page.getByRole('button', { name: 'Replace' }).click()
  await expect(page.getByRole('alert')).toContainText('storage/not-a-database')
  await open(page)
  await expect(status(page)).toContainText('2,000 entities')
})
