/** A log that signs two trees that do not fit together has lied: what somebody with the database's own rights changed is never signed over. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openVouch } from '#app'
import { readConfig } from '#config'
import { systemClock } from '#kernel/clock'
import { toWireId } from '#kernel/id'
import { LogForkError } from '#platform/log'
import { createLog } from '#platform/telemetry'
import { createFakeClock, createWorld, waitUntil, type World } from '#harness'
import { findLogDamage, makeTenants, plantEvents, scopeOf } from '../harness/log-rounds.ts'

const turnByMs = 10_000

const countOf = async (world: World, table: 'log_checkpoint' | 'log_entry', tenantId: string): Promise<number> =>
  (await world.admin.query(`select from ${table} where tenant_id = $1`, [tenantId])).rowCount ?? 0

async function openFresh(world: World) {
  const log = createLog({ clock: systemClock, level: 'silent' })
  const vouch = await openVouch({ config: readConfig(world.settings), clock: systemClock, log, as: 'guest' })
  return { vouch, [Symbol.asyncDispose]: () => vouch.close() }
}

const signFailures = async (world: World): Promise<number> => {
  const { text } = await world.as('nobody').get('/metrics')
  return Number(/^vouch_log_failures_total\{what="sign"\} (\d+)/m.exec(text)?.[1] ?? 0)
}

const flipped = `overlay(hashes placing set_byte(substring(hashes from 1 for 1), 0, 255 - get_byte(hashes, 0)) from 1 for 1)`
/** Each leaves 8 signed entries behind as something else. Where all that was signed is taken away too, only who signed or saw it can tell. */
const forks: readonly { name: string; plant: string; said: RegExp; onlyRemembered?: true }[] = [
  { name: 'the root of the last checkpoint', plant: `update log_checkpoint set root = decode(repeat('ab', 32), 'hex')`, said: /not stored any more/ },
  { name: 'the size of the last checkpoint', plant: `update log_checkpoint set size = size - 1`, said: /not stored any more|not what was signed/ },
  { name: 'the note of the last checkpoint', plant: `update log_checkpoint set note = replace(note, E'\\n8\\n', E'\\n7\\n')`, said: /cannot be read/ },
  { name: 'a tile below the signed size', plant: `update log_tile set hashes = ${flipped}`, said: /not those that were signed/ },
  { name: 'a tile that is gone', plant: `delete from log_tile`, said: /lost its tile/ },
  { name: 'the head, set back', plant: `update log_head set size = size - 3`, said: /has 5 entries, and signed 8/ },
  { name: 'the head and its entries, set back', plant: `with gone as (delete from log_entry where tenant_id = $1 and index >= 5) update log_head set size = 5`, said: /has 5 entries, and signed 8/ },
  { name: 'checkpoints that are gone', plant: `delete from log_checkpoint`, said: /not stored any more/, onlyRemembered: true },
  { name: 'the whole log begun again', plant: `with c as (delete from log_checkpoint where tenant_id = $1), e as (delete from log_entry where tenant_id = $1), t as (delete from log_tile where tenant_id = $1) update log_head set size = 0, cursors = '{}'`, said: /not stored any more/, onlyRemembered: true },
] // prettier-ignore

test(
  'a signer that would contradict what it signed refuses and says so, signs nothing, and goes on for other tenants',
  { timeout: 300_000 },
  async (t) => {
    const clock = createFakeClock(Date.now())
    await using world = await createWorld({ clock })
    const { logs, hints } = world.vouch
    // It signs nothing, so it knows what is stored, and what it was shown.
    await using fresh = await openFresh(world)
    const write = async (tenantIds: readonly string[], count: number): Promise<void> => {
      for (const tenantId of tenantIds) {
        await plantEvents(world.admin, tenantId, count)
        hints.note(tenantId)
      }
    }
    /** Other tests on this PostgreSQL may hold rows back for a moment, so it goes on until what is awaited is there. */
    const turnUntil = (what: string, isThere: () => Promise<boolean>) =>
      waitUntil(what, async () => {
        await logs.turn()
        clock.advance(turnByMs)
        await logs.turn()
        return isThere()
      })

    for (const { name, plant, said, onlyRemembered = false } of forks) {
      for (const hasNewRows of [true, false]) {
        await t.test(`${name}, ${hasNewRows ? 'with' : 'without'} new rows`, async () => {
          const [forked = '', other = ''] = await makeTenants(world.vouch)
          await write([forked, other], 7)
          await turnUntil('the other is signed', async () => (await countOf(world, 'log_checkpoint', other)) > 0)
          assert.equal((await logs.drain(scopeOf(world.vouch, forked))).size, 8n)

          const refusals = (from: number) =>
            world.logLines
              .slice(from)
              .map((line) => JSON.parse(line))
              .filter(
                ({ event, tenant_id }) => event === 'log_fork_refused' && tenant_id === toWireId('tenant', forked),
              )
          if (onlyRemembered) await fresh.vouch.logs.drain(scopeOf(fresh.vouch, forked))
          const planted = `${plant} where tenant_id = $1`
          assert.ok((await world.admin.query(planted, [forked])).rowCount)
          const signed = await countOf(world, 'log_checkpoint', forked)
          const signedOfOther = await countOf(world, 'log_checkpoint', other)
          const [failures, lines] = [await signFailures(world), world.logLines.length]
          await write(hasNewRows ? [forked, other] : [other], 2)
          await turnUntil(
            'the other is signed again, and the refusal is told',
            async () =>
              (await countOf(world, 'log_checkpoint', other)) > signedOfOther &&
              (!hasNewRows || refusals(lines).length > 0),
          )
          await logs.patrol()

          await assert.rejects(
            logs.drain(scopeOf(world.vouch, forked)),
            (error) => error instanceof LogForkError && said.test(error.message),
          )
          await assert.rejects(fresh.vouch.logs.drain(scopeOf(fresh.vouch, forked)), LogForkError)
          assert.equal(await countOf(world, 'log_checkpoint', forked), signed, 'something was signed')
          assert.ok((await countOf(world, 'log_checkpoint', other)) > signedOfOther, 'the other tenant was held up')
          assert.deepEqual(await findLogDamage({ vouch: world.vouch, admin: world.admin, tenantId: other }), [])
          // Where nothing is to be signed, nobody looks but who exports.
          if (!hasNewRows) return
          const told = refusals(lines)
          assert.ok(told.length > 0, 'nobody was told')
          for (const { level } of told) assert.equal(level, 'error')
          assert.ok((await signFailures(world)) > failures, 'no metric was moved')
        })
      }
    }
  },
)
