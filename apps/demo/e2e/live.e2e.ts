import {
  expect,
  type Locator,
  open,
  openWithSample,
  openWord,
  type Page,
  status,
  test,
} from './fixtures.ts'

function panel(page: Page, title: string): Locator {
  return page.getByRole('region', { name: title, exact: true })
}

/** The count of a line of a panel; 0 when there is no such line. */
async function countOf(page: Page, title: string, label: string): Promise<number> {
  const line = panel(page, title)
    .getByRole('listitem')
    .filter({ has: page.getByText(label, { exact: true }) })
  const texts = await line.locator('.count').allInnerTexts()
  return Number((texts[0] ?? '0').replaceAll(',', ''))
}

/** The sum of a panel's counts. */
async function totalOf(page: Page, title: string): Promise<number> {
  const counts = await panel(page, title).getByRole('listitem').locator('.count').allInnerTexts()
  return counts.reduce((sum, count) => sum + Number(count.replaceAll(',', '')), 0)
}

/** The relation count that the status bar has by counting. */
async function countedRelations(page: Page): Promise<number> {
  const [, count] = /([\d,]+) relations/.exec(await status(page).innerText()) ?? []
  return Number(count?.replaceAll(',', ''))
}

async function relate(page: Page, type: string, to: string): Promise<void> {
  await page.getByRole('button', { name: 'Relation', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Type' }).fill(type)
  await dialog.getByRole('combobox', { name: 'Find the other entity' }).fill(to)
  await expect(page.getByRole('option').first()).toHaveText(new RegExp(`^${to}(noun|verb)`))
  await page.keyboard.press('Enter')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog).toBeHidden()
}

function kinds(page: Page): Locator {
  return page.getByRole('list', { name: 'All it is a kind of' })
}

test('counts are there after an import, follow edits, and are as they were after a reload', async ({
  page,
}) => {
  await openWithSample(page)
  await page.getByRole('link', { name: 'Live', exact: true }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Live views' })).toBeVisible()
  await expect(panel(page, 'Entities by type').getByRole('listitem')).toHaveCount(4)
  await expect(panel(page, 'Most connected').getByRole('listitem')).toHaveCount(10)
  await expect(panel(page, 'Most connected')).toContainText('animal')
  await expect(panel(page, 'Most connected')).not.toContainText('…')
  expect(await totalOf(page, 'Entities by type')).toBe(2000)
  await expect.poll(() => countedRelations(page)).toBe(await totalOf(page, 'Relations by type'))
  await expect(panel(page, 'Entities by type')).toContainText('0 patches')

  await page.getByRole('button', { name: 'Make 100 random edits' }).click()
  await expect(page.getByRole('status', { name: 'Random edits' })).toHaveText('100 edits made')
  for (const title of ['Entities by type', 'Relations by type', 'Most connected']) {
    await expect(panel(page, title)).toContainText(/[1-9]\d* patch(es)?, patched in [\d.]+ ms/)
  }
  const relations = await totalOf(page, 'Relations by type')
  await expect.poll(() => countedRelations(page)).toBe(relations)
  const nouns = await countOf(page, 'Entities by type', 'noun')
  const top = await panel(page, 'Most connected').getByRole('list').innerText()

  await page.reload()
  await expect(panel(page, 'Most connected').getByRole('list')).toHaveText(
    new RegExp(top.split('\n').join('.*'), 's'),
  )
  expect(await totalOf(page, 'Relations by type')).toBe(relations)
  expect(await countOf(page, 'Entities by type', 'noun')).toBe(nouns)
  for (const title of ['Entities by type', 'Relations by type', 'Most connected']) {
    await expect(panel(page, title)).toContainText('Opened as it was left: no row read')
  }
})

test('an edit in another tab moves the counts of this one', async ({ page, context }) => {
  await openWithSample(page)
  await open(page, '/live')
  await expect(panel(page, 'Entities by type').getByRole('listitem')).toHaveCount(4)
  const nouns = await countOf(page, 'Entities by type', 'noun')
  const other = await context.newPage()
  await open(other)
  await other.getByRole('button', { name: 'New entity' }).click()
  await other.getByRole('textbox', { name: 'Name' }).fill('Rex')
  await other.getByRole('button', { name: 'Create' }).click()
  await expect(other.getByRole('heading', { level: 1, name: 'Rex' })).toBeVisible()
  await expect.poll(() => countOf(page, 'Entities by type', 'noun')).toBe(nouns + 1)
  await expect(panel(page, 'Entities by type')).toContainText('1 patch, the last from elsewhere')
})

test('all that an entity is a kind of follows relations that come and go, and circles', async ({
  page,
}) => {
  await openWithSample(page)
  await openWord(page, 'dog')
  await expect(kinds(page)).toContainText(/1\s*canine/)
  await expect(kinds(page)).toContainText('animal')
  const before = await kinds(page).getByRole('listitem').count()
  const dogPath = new URL(page.url()).pathname

  await page.getByRole('button', { name: 'New entity' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('Rex')
  await page.getByRole('button', { name: 'Create' }).click()
  await expect(page.getByRole('heading', { level: 1, name: 'Rex' })).toBeVisible()
  await expect(page.getByText('no hypernym leads from here')).toBeVisible()
  const rexPath = new URL(page.url()).pathname

  // Rex is a dog, and so all that a dog is.
  await relate(page, 'instance hypernym', 'dog')
  await expect(kinds(page).getByRole('listitem')).toHaveCount(before + 1)
  await expect(kinds(page)).toContainText(/1\s*dog/)
  await expect(kinds(page)).toContainText(/2\s*canine/)
  await expect(panel(page, 'All it is a kind of')).toContainText(/patched in [\d.]+ ms/)

  // And a dog is a Rex: a circle, in which each is a kind of itself.
  await open(page, dogPath)
  await relate(page, 'hypernym', 'Rex')
  await expect(kinds(page)).toContainText(/1\s*Rex/)
  await expect(kinds(page)).toContainText(/2\s*dog\s*itself, in a circle/)
  await expect(kinds(page).getByRole('listitem')).toHaveCount(before + 2)

  // Without the way out of Rex both are gone again, though each of them led to the other.
  await open(page, rexPath)
  await expect(kinds(page)).toContainText(/2\s*Rex\s*itself, in a circle/)
  await page.getByRole('button', { name: 'Delete the relation with dog' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByText('no hypernym leads from here')).toBeVisible()
  await open(page, dogPath)
  await expect(kinds(page).getByRole('listitem')).toHaveCount(before + 1)
  await expect(kinds(page)).not.toContainText('itself')
  await page.reload()
  await expect(kinds(page).getByRole('listitem')).toHaveCount(before + 1)
})

test('a view is explained by its graph, down to the tables and what is kept', async ({ page }) => {
  await openWithSample(page)
  await open(page, '/live')
  await page.getByRole('button', { name: 'How it is kept: Most connected' }).click()
  const drawer = page.getByRole('dialog')
  const operators = drawer.getByRole('region', { name: 'Operators' })
  await expect(operators).toContainText('table-window')
  const view = operators.getByRole('region', { name: 'Declared view connections' })
  await expect(view).toContainText('keeps its aggregates per group')
  await expect(view).toContainText('relation')
  await drawer.getByText('The same as text').click()
  await expect(drawer).toContainText('group: count by from_entity')
  await page.keyboard.press('Escape')
  await expect(drawer).toBeHidden()

  await openWord(page, 'dog')
  await page.getByRole('button', { name: 'How it is kept: All it is a kind of' }).click()
  await expect(operators).toContainText('reachable')
  await expect(operators).toContainText('keeps edges by both ends')
})
