import { compile, max, pick, source } from '../src/index.ts'

/** Who reports to whom. */
export interface Report {
  readonly employee: string
  readonly boss: string
  readonly team: string
  readonly salary: number
}

/** A chain of command, of any length. */
export type Command = readonly [boss: string, employee: string]

const byTeam = pick((report: Report) => report.team)

/** Recursion, ways with their lengths, and a query for every team. */
export const company = compile({
  sources: { reports: source<Report>() },
  query: ({ reports }, graph) => {
    const direct = reports.map(({ boss, employee }): Command => [boss, employee])
    const command = graph.recurse(direct, (found, bring) =>
      found.join(bring(direct), {
        left: ([, middle]) => middle,
        right: ([boss]) => boss,
        combine: ([boss], [, employee]): Command => [boss, employee],
      }),
    )
    const fromAda = reports.reachable({
      from: ({ boss }) => boss,
      to: ({ employee }) => employee,
      roots: ['Ada'],
      depthMax: 3,
    })
    // Of each team those who earn as much as its best paid: a join with an aggregate of the same rows.
    const bestPaid = reports.perGroup(byTeam.key, (rows) =>
      rows.join(
        rows.group({
          by: () => 'all',
          aggregates: { most: max((row) => row.salary) },
          combine: (_, { most }) => most,
        }),
        {
          left: (row) => row.salary,
          right: (most) => most,
          combine: (row) => row.employee,
        },
      ),
    )
    return { command, fromAda, bestPaid }
  },
})
