import { expect, open, openWithSample, openWord, status, test } from './fixtures.ts'

test('when the leading tab closes, another takes over and goes on', async ({ page, context }) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  await expect(status(page)).toContainText('Leader')
  const other = await context.newPage()
  await open(other, new URL(page.url()).pathname)
  await expect(status(other)).toContainText('Follower')
  await expect(status(other)).toContainText('2 connections')

  await page.close()
  await expect(status(other)).toContainText('Leader')
  await expect(status(other)).toContainText('1 connection')
  await other.getByRole('button', { name: 'Edit' }).click()
  await other.getByRole('textbox', { name: 'Name', exact: true }).fill('survivor')
  await other.getByRole('button', { name: 'Save' }).click()
  await expect(other.getByRole('heading', { level: 1, name: 'survivor' })).toBeVisible()
})

test('an import goes on in its tab while another looks on', async ({ page, context }) => {
  await open(page)
  const other = await context.newPage()
  await open(other)
  await page.getByRole('button', { name: /Import a sample/ }).click()
  await expect(page.getByRole('heading', { name: 'WordNet is here' })).toBeVisible()
  await expect(status(other)).toContainText('2,000 entities')
  await expect(other.getByRole('region', { name: 'This is a sample of WordNet' })).toBeVisible()
})
