import { defineModule, t, table } from '../src/main/index.ts'

/** Recipes, whose states can be named and read again. */
export const recipes = defineModule({
  name: 'recipes',
  version: 1,
  versions: true,
  tables: { recipe: table({ id: t.id(), title: t.text(), steps: t.text() }) },
  reducers: (reducer) => ({
    add: reducer({ title: t.text(), steps: t.text() }, (ctx, row) => ctx.db.recipe.insert(row).id),
    rewrite: reducer({ id: t.text(), steps: t.text() }, (ctx, { id, steps }) => {
      ctx.db.recipe.update(id, { steps })
    }),
  }),
})
