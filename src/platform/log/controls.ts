import { type Control, fail, noData, pass, type Text, watch } from '#kernel/control'
import { goRound, type Page, type Seen } from '#platform/database'
import { createLogSigners, formatVkeys, newSeed, openCheckpoint, parseVkeys, TlogError, toPem } from '#platform/tlog'
import type { Logs } from './index.ts'
import { keyAt } from './signing-keys.ts'
import type { Newest } from './verification/watch.ts'
import { isDisagreement } from './witnesses/states.ts'

const logsALook = 20
const witnessedALook = 500
const latestMs = 3_600_000
const nothingSigned: Text = { en: 'Nothing is signed yet.', sv: 'Ingenting är signerat ännu.' }

type LogWorld = {
  tenants: Page
  /** What the continuous verification found. */
  found(tenantId: string): Promise<string | undefined>
  verifyNewest(tenantId: string): Promise<Newest>
}
type WitnessWorld = {
  tenants: Page
  judge(tenantId: string): Promise<{ quorum: number; disagree: number; lateMs: number }>
}
type Signed = { note: string; size: number; vkeys: string }
type KeyWorld = { tenants: Page; signed(tenantId: string): Promise<Signed | undefined> }

const here = (file: string): string => new URL(file, import.meta.url).href

export const controls = ({ logs }: { logs: Logs }): Control[] => {
  const found = async (tenantId: string) =>
    (await logs.asSystem(tenantId).transaction(logs.verification))?.found ?? undefined
  async function signed(tenantId: string): Promise<Signed | undefined> {
    return logs.asSystem(tenantId).transaction(async (tx) => {
      const { last } = await logs.stored(tx)
      if (!last) return undefined
      const size = Number(last.size)
      return { note: last.note, size, vkeys: keyAt(await logs.keys(tx), size).vkeys }
    })
  }
  return [
    {
      claim: 'aud.trail',
      tests: [
        'a change that the owner of the database makes behind our back is found, and named',
        'an export of a served log verifies, with every row of the trail and every decision in it once',
        'a signer that would contradict what it signed refuses and says so, signs nothing, and goes on for other tenants',
      ],
      check: watch<LogWorld>({
        id: 'aud.trail.log',
        version: 1,
        what: {
          en: `Goes round by all logs, ${logsALook} at a time: what the continuous verification has found, and the newest entries again, each against its row, its hash and the signed root.`,
          sv: `Går igenom alla loggar i tur och ordning, ${logsALook} i taget: vad den löpande verifieringen har hittat, och de senaste posterna på nytt, var och en mot sin rad, sin hash och den signerade roten.`,
        },
        sources: [import.meta.url, here('verification/watch.ts'), here('verification/reverify.ts')],
        every: 'hour',
        timeoutMs: 30_000,
        real: () => ({ tenants: logs.tenants, found, verifyNewest: logs.verifyNewest }),
        async look(world, before) {
          const round = await goRound(world.tenants, before, logsALook, async (tenantId): Promise<Seen> => {
            const why = await world.found(tenantId)
            if (why !== undefined) return { wrong: unverified(why) }
            const { flaw, entries } = await world.verifyNewest(tenantId)
            return flaw ? { wrong: unverified(flaw.why) } : { things: entries }
          })
          if (round.wrong) return fail(round.wrong, round.next)
          if (round.things === 0) return noData(nothingSigned, round.next)
          return pass(
            {
              en: `No flaw; logs: ${round.tenants}, entries: ${round.things}.`,
              sv: `Inget fel; loggar: ${round.tenants}, poster: ${round.things}.`,
            },
            round.next,
          )
        },
        plant: {
          what: {
            en: 'the installation’s own log, read as if a character had been added to each row',
            sv: 'installationens egen logg, läst som om ett tecken hade lagts till i varje rad',
          },
          over: async (look) =>
            look({
              tenants: async () => (await logs.tenants({ limit: 1 })).slice(0, 1),
              found: async () => undefined,
              verifyNewest: (tenantId) => logs.verifyNewest(tenantId, (content) => `${content} `),
            }),
        },
      }),
    },
    {
      claim: 'aud.trail',
      tests: [
        'what a witness cosigned is served below the checkpoint, in the export and in proofs, and all of it verifies',
        'a log that was rolled back is found out by its witness at every size, which is reported and stops nothing',
        'a witness that says it has cosigned, and has not, is found lying, and nothing of it is stored or served',
        'a witness that hangs delays neither sequencing, nor signing, nor another witness, nor closing',
        'a quorum that is not met for an hour fails the claim about the trail, and signing and serving go on',
      ],
      check: watch<WitnessWorld>({
        id: 'aud.trail.witnesses',
        version: 1,
        what: {
          en: `Goes round by all logs, ${witnessedALook} at a time: where a tenant asks for witnesses, no entry waits longer than an hour for enough of them.`,
          sv: `Går igenom alla loggar i tur och ordning, ${witnessedALook} i taget: där en kund kräver vittnen väntar ingen post längre än en timme på tillräckligt många.`,
        },
        sources: [import.meta.url, here('witnesses/witnesses.ts')],
        every: 'quarterHour',
        timeoutMs: 30_000,
        real: () => ({
          tenants: logs.tenants,
          async judge(tenantId) {
            const { quorum, witnesses, lateMs } = await logs.asSystem(tenantId).transaction(logs.witnesses.judge)
            return { quorum, lateMs, disagree: witnesses.filter(({ state }) => isDisagreement(state)).length }
          },
        }),
        async look({ tenants, judge }, before) {
          let [asked, disagreeing] = [0, 0]
          const round = await goRound(tenants, before, witnessedALook, async (tenantId): Promise<Seen> => {
            const { quorum, disagree, lateMs } = await judge(tenantId)
            disagreeing += disagree
            if (quorum === 0) return { things: 0 }
            asked++
            return lateMs > latestMs ? { wrong: lateWitnesses } : { things: 1 }
          })
          if (round.wrong) return fail(round.wrong, round.next)
          return pass(
            {
              en: `Each log that asks for witnesses has them; such logs: ${asked}, witnesses that disagree: ${disagreeing}.`,
              sv: `Varje logg som kräver vittnen har dem; sådana loggar: ${asked}, vittnen som säger emot: ${disagreeing}.`,
            },
            round.next,
          )
        },
        plant: {
          what: {
            en: 'a log in memory whose witnesses are an hour and a second late',
            sv: 'en logg i minnet vars vittnen är en timme och en sekund försenade',
          },
          over: (look) =>
            look({
              tenants: async () => [{ id: 'planted' }],
              judge: async () => ({ quorum: 1, disagree: 0, lateMs: latestMs + 1_000 }),
            }),
        },
      }),
    },
    {
      claim: 'enc.keys',
      tests: [
        'the keys of a log are published with their history, and each announced by the one before',
        'a public log is read without a key by its tiles, and a private one is not there',
      ],
      check: watch<KeyWorld>({
        id: 'enc.keys.logs',
        version: 1,
        what: {
          en: `Goes round by the keys of all logs, ${logsALook} at a time: the published ones verify the newest checkpoint, and can be written as PEM.`,
          sv: `Går igenom alla loggars nycklar i tur och ordning, ${logsALook} i taget: de publicerade verifierar den senaste kontrollpunkten och kan skrivas som PEM.`,
        },
        sources: [import.meta.url, here('signing-keys.ts')],
        every: 'hour',
        real: () => ({ tenants: logs.tenants, signed }),
        async look({ tenants, signed }, before) {
          const round = await goRound(tenants, before, logsALook, async (tenantId): Promise<Seen> => {
            const last = await signed(tenantId)
            if (!last) return { things: 0 }
            return isVerified(last) ? { things: 1 } : { wrong: unverifiedByKeys }
          })
          if (round.wrong) return fail(round.wrong, round.next)
          if (round.things === 0) return noData(nothingSigned, round.next)
          return pass(
            {
              en: `The published keys verify each newest checkpoint; logs: ${round.things}.`,
              sv: `De publicerade nycklarna verifierar varje senaste kontrollpunkt; loggar: ${round.things}.`,
            },
            round.next,
          )
        },
        plant: {
          what: {
            en: 'the newest checkpoint of the installation’s own log beside keys that did not sign it',
            sv: 'den senaste kontrollpunkten i installationens egen logg bredvid nycklar som inte har signerat den',
          },
          over: (look) =>
            look({
              tenants: async () => (await logs.tenants({ limit: 1 })).slice(0, 1),
              async signed(tenantId) {
                const last = await signed(tenantId)
                const [origin = ''] = last?.note.split('\n') ?? []
                return last && { ...last, vkeys: strangeKeys(origin) }
              },
            }),
        },
      }),
    },
  ]
}

const unverified = (why: string): Text => ({
  en: `A log does not verify: ${why}.`,
  sv: `En logg går inte att verifiera (på engelska: ${why}).`,
})
const lateWitnesses: Text = {
  en: 'A log whose witnesses have not cosigned it for an hour.',
  sv: 'En logg som dess vittnen inte har medsignerat på en timme.',
}
const unverifiedByKeys: Text = {
  en: 'A checkpoint that the published keys do not verify.',
  sv: 'En kontrollpunkt som de publicerade nycklarna inte verifierar.',
}

const strangeKeys = (origin: string): string =>
  formatVkeys(createLogSigners(origin, { ed25519: newSeed(), mlDsa44: newSeed() }))

function isVerified({ note, size, vkeys }: Signed): boolean {
  try {
    const verifiers = parseVkeys(vkeys)
    return openCheckpoint(note, verifiers).size === size && verifiers.map(toPem).every((pem) => pem !== '')
  } catch (error) {
    if (error instanceof TlogError) return false
    throw error
  }
}
