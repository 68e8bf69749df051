/**
 * Reads simulated card transactions in the form of the Fraud Detection Handbook (docs/simulator.md), plain or gzipped,
 * row by row: memory does not grow with the file. The first row that is not as documented stops the reading, with its
 * line and how to mend it. Dates are taken as they are, as UTC.
 */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { rfc3339 } from '#kernel/clock'
import { formatMajor, parseMajor } from '#kernel/currency'
import { DemoError, type DemoEvent } from './event.ts'

const header = 'TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO' // prettier-ignore
const columns = header.split(',')
const number = { form: /^\d{1,9}$/, means: 'a whole number of at most 9 digits' }
const time = { form: /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\dZ?$/, means: 'a time such as 2018-04-01T00:00:31Z' }
const amount = {
  form: /^\d{1,10}(?:\.\d{1,2})?$/,
  means: 'an amount such as 57.16, with a point and at most two decimals',
}
const label = { form: /^[01]$/, means: '0 or 1' }
const scenario = { form: /^[0-3]$/, means: '0, 1, 2 or 3' }
/** What each column holds. */
const forms = [number, time, number, number, amount, number, number, label, scenario]
/** The scenarios of the handbook, by number. */
const kinds = [null, 'amount_over_220', 'terminal_gone_bad', 'customer_compromised'] as const

/** At most `limit` events, in the order of the file. Throws `DemoError` for a file or row that cannot be taken. */
export async function* readTransactions(
  path: string,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<DemoEvent, void> {
  const name = basename(path)
  let line = 0
  let blankAt = 0
  let taken = 0
  for await (const text of readLines(path, name)) {
    line++
    if (line === 1) {
      checkHeader(text, name)
      continue
    }
    if (taken >= limit) return
    // Blank lines may end a file, and nothing else.
    if (text === '') blankAt ||= line
    else if (blankAt > 0) throw refuse(name, blankAt, 'is empty', 'Remove it.')
    else {
      taken++
      yield readRow(text, name, line)
    }
  }
  if (line === 0) throw new DemoError(`${name} is empty. Its first line is to be: ${header}`)
}

async function* readLines(path: string, name: string): AsyncGenerator<string, void> {
  const longest = 1_000
  let line = 0
  let rest = ''
  try {
    for await (const chunk of openText(path)) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      for (const text of lines) {
        line++
        yield text.endsWith('\r') ? text.slice(0, -1) : text
      }
      if (rest.length > longest) {
        throw refuse(name, line + 1, `is longer than ${longest} characters`, 'Give a comma-separated file of transactions, plain or gzipped (.gz).') // prettier-ignore
      }
    }
  } catch (error) {
    if (!(error instanceof Error) || error instanceof DemoError) throw error
    const where = line === 0 ? '' : ` after line ${line}`
    throw new DemoError(`${name} cannot be read${where}: ${error.message}. Check that the file is whole and that you may read it.`, { cause: error }) // prettier-ignore
  }
  if (rest !== '') yield rest.endsWith('\r') ? rest.slice(0, -1) : rest
}

/** Leaving the loop over it closes the file. */
function openText(path: string): Readable {
  const file = createReadStream(path)
  if (!path.endsWith('.gz')) return file.setEncoding('utf8')
  // What goes wrong in either is thrown to whoever reads, so there is nothing to do at the end.
  return pipeline(file, createGunzip(), () => {}).setEncoding('utf8')
}

function checkHeader(text: string, name: string): void {
  const found = text.replace(/^\uFEFF/, '').split(',')
  const at = columns.findIndex((column, index) => column !== found[index])
  if (at === -1 && found.length === columns.length) return
  const what =
    at === -1
      ? `has ${found.length} columns where ${columns.length} belong`
      : `has ${quote(found[at])} as column ${at + 1} where ${columns[at]} belongs`
  throw refuse(name, 1, what, `The first line is to be: ${header}`)
}

function readRow(text: string, name: string, line: number): DemoEvent {
  const found = text.split(',')
  if (found.length !== columns.length) {
    throw refuse(
      name,
      line,
      `has ${found.length} fields where ${columns.length} belong`,
      `Each row is to have: ${header}`,
    )
  }
  const wrong = forms.findIndex(({ form }, at) => !form.test(found[at] ?? ''))
  if (wrong !== -1)
    throw refuse(name, line, `has ${quote(found[wrong])} as ${columns[wrong]}`, `Write ${forms[wrong]?.means}.`)
  const [, written = '', customer, terminal, amount = '', , , fraud, scenario] = found
  const minor = parseMajor(amount, 'EUR')
  if (minor === undefined)
    throw refuse(name, line, 'has a TX_AMOUNT that is too large', 'Amounts go up to 10000000000.00.')
  const moment = `${written.slice(0, 10)}T${written.slice(11, 19)}`
  const atMs = Date.parse(`${moment}Z`)
  if (Number.isNaN(atMs) || !rfc3339(atMs).startsWith(moment)) {
    throw refuse(name, line, `has ${quote(written)} as TX_DATETIME, which no calendar knows`, 'Correct the date.')
  }
  const kind = kinds[Number(scenario)] ?? null
  if ((fraud === '1') !== (kind !== null)) {
    throw refuse(name, line, `says TX_FRAUD ${fraud} and TX_FRAUD_SCENARIO ${scenario}`, 'Honest rows have 0 and 0, fraud has 1 and a scenario from 1 to 3.') // prettier-ignore
  }
  return {
    request: {
      amount: formatMajor(minor, 'EUR'),
      currency: 'EUR',
      category: 'card_payment',
      merchant_id: `terminal_${terminal}`,
      user_id: `customer_${customer}`,
      occurred_at: rfc3339(atMs),
    },
    fraud: kind,
  }
}

const refuse = (name: string, line: number, what: string, remedy: string): DemoError =>
  new DemoError(`${name}, line ${line} ${what}. ${remedy}`)

/** Short, printable, and never a long run of digits: a bad row can hold anything. */
const quote = (value = ''): string => JSON.stringify(value.length > 24 ? `${value.slice(0, 11)}…` : value).replace(/[^\x20-\x7e…]/g, '?') // prettier-ignore
