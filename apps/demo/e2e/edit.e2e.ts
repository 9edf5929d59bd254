import { expect, open, openWithSample, openWord, test } from './fixtures.ts'

test('an edit in one tab is seen in the other, and stays', async ({ page, context }) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  const other = await context.newPage()
  await open(other, new URL(page.url()).pathname)
  await expect(other.getByRole('heading', { level: 1, name: 'dog' })).toBeVisible()

  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('good dog')
  await page.getByRole('textbox', { name: 'Description' }).fill('man’s best friend')
  await page.getByRole('combobox', { name: 'Tags' }).fill('pet')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Add a property' }).click()
  await page.getByRole('textbox', { name: 'Property name' }).last().fill('legs')
  await page.getByRole('textbox', { name: 'Value of legs' }).fill('4')
  await page.getByRole('button', { name: 'Save' }).click()

  for (const tab of [page, other]) {
    await expect(tab.getByRole('heading', { level: 1, name: 'good dog' })).toBeVisible()
    await expect(tab.getByRole('main')).toContainText('man’s best friend')
    await expect(tab.getByRole('main')).toContainText('pet')
    await expect(tab.getByRole('complementary', { name: 'Details' })).toContainText(/legs\s*4/)
  }
  await other.reload()
  await expect(other.getByRole('heading', { level: 1, name: 'good dog' })).toBeVisible()
})

test('two edits of one entity do not overwrite each other', async ({ page, context }) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  const other = await context.newPage()
  await open(other, new URL(page.url()).pathname)
  await other.getByRole('button', { name: 'Edit' }).click()
  await other.getByRole('textbox', { name: 'Name', exact: true }).fill('mine')

  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('theirs')
  await page.keyboard.press('Control+Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'theirs' })).toBeVisible()

  await expect(other.getByRole('alert')).toContainText('changed elsewhere')
  await expect(other.getByRole('button', { name: 'Save' })).toBeDisabled()
  await other.getByRole('button', { name: 'Start from what is there now' }).click()
  await expect(other.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('theirs')
  await other.keyboard.press('Escape')
})

test('an entity and a relation are made, and the relation is taken away', async ({ page }) => {
  await openWithSample(page)
  await page.getByRole('button', { name: 'New entity' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Rex')
  await page.getByRole('textbox', { name: 'Description' }).fill('a dog of mine')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Rex' })).toBeVisible()
  await expect(page.getByText('No relation begins here')).toBeVisible()

  await page.getByRole('button', { name: 'Relation', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Type' }).fill('instance hypernym')
  await dialog.getByRole('combobox', { name: 'Find the other entity' }).fill('dog')
  await expect(page.getByRole('option').first()).toContainText('dog')
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog).toBeHidden()
  const group = page.getByRole('region', { name: 'instance hypernym, 1' })
  await expect(group.getByRole('link')).toContainText('dog')

  await group.getByRole('button', { name: 'Delete the relation with dog' }).click()
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(group).toBeHidden()
  await expect(page.getByText('No relation begins here')).toBeVisible()
})

test('an entity with relations is deleted only together with them', async ({ page }) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  const path = new URL(page.url()).pathname
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(dialog.getByRole('alert')).toContainText(/existing relationships/)
  await expect(dialog.getByRole('alert')).toContainText('universe/entity-referenced')
  await dialog.getByRole('button', { name: /Delete it and its \d+ relations/ }).click()
  await expect(page).toHaveURL('/')
  await open(page, path)
  await expect(page.getByRole('heading', { name: 'This entity is not here' })).toBeVisible()
})

test('the feed shows what another tab does, as it does it', async ({ page, context }) => {
  await openWithSample(page)
  const feed = await context.newPage()
  await open(feed, '/events')
  await feed.getByText('Entities', { exact: true }).click()
  await openWord(page, 'dog')
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('hound')
  await page.getByRole('button', { name: 'Save' }).click()
  const newest = feed
    .getByRole('list', { name: /^Events/ })
    .getByRole('listitem')
    .first()
  await expect(newest).toContainText('Changed name of hound')
  await newest.getByRole('link').click()
  await expect(feed.getByRole('heading', { level: 1, name: 'hound' })).toBeVisible()
})
