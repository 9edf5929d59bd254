import { expect, test } from 'vitest'
import { COLUMNS_FROM_ROWS } from './limits.ts'
import { decodeRows, encodeColumns, encodeRows } from './row-transfer.ts'

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `row ${index}`,
    n: index,
    isOdd: index % 2 === 1,
    tags: [index],
    note: index === 3 ? null : 'x',
  }))

test('few rows cross as objects, many as columns, and both come out as they went in', () => {
  for (const count of [0, 1, COLUMNS_FROM_ROWS - 1, COLUMNS_FROM_ROWS, 1000]) {
    const transfer: Transferable[] = []
    const encoded = encodeRows(rowsOf(count), transfer)
    expect(encoded.form).toBe(count < COLUMNS_FROM_ROWS ? 'objects' : 'columns')
    const crossed = structuredClone(encoded, { transfer: transfer as ArrayBuffer[] })
    expect(decodeRows(crossed)).toEqual(rowsOf(count))
  }
})

test('columns of numbers are handed over, not copied', () => {
  const transfer: Transferable[] = []
  encodeRows(rowsOf(300), transfer)
  expect(transfer).toHaveLength(1)
})

test('SQL results keep integers beyond the safe ones', () => {
  const columns = [Array.from({ length: 300 }, (_, index) => (index === 7 ? 2n ** 60n : index))]
  const encoded = encodeColumns({ columnNames: ['n'], columns, rowCount: 300 }, [])
  expect(decodeRows(encoded)[7]).toEqual({ n: 2n ** 60n })
})
