import { type Control, fail, noData, pass, watch } from '#kernel/control'
import type { Attestations } from './index.ts'
import { formatAttestation, verifyAttestation } from './verify.ts'

type World = { file: Uint8Array; vkeys: string }

export const attestationControls = ({ attestations }: { attestations: Attestations }): Control[] => {
  async function read(): Promise<World> {
    const envelope = await attestations.attestation('enc.keys')
    const keys = await attestations.publicKeys()
    return {
      file: Buffer.from(envelope ? formatAttestation(envelope) : ''),
      vkeys: keys.map(({ vkey }) => vkey).join('\n'),
    }
  }
  return [
    {
      claim: 'enc.keys',
      tests: [
        'an attestation verifies with the published key, offline, and with no other; one changed byte anywhere is refused',
        'a key that was replaced stays published with its dates, and what it signed still verifies',
      ],
      check: watch<World>({
        id: 'enc.keys.attestations',
        version: 1,
        what: {
          en: 'Signs how this claim stands and verifies it with the published keys alone, as anybody would.',
          sv: 'Signerar läget för det här löftet och verifierar det med enbart de publicerade nycklarna, som vem som helst kan göra.',
        },
        sources: [
          import.meta.url,
          new URL('verify.ts', import.meta.url).href,
          new URL('dsse.ts', import.meta.url).href,
        ],
        every: 'hour',
        real: read,
        look({ file, vkeys }) {
          if (file.length === 0) return noData({ en: 'Nothing was signed.', sv: 'Ingenting signerades.' })
          if (!verifyAttestation(file, vkeys).ok)
            return fail({
              en: 'An attestation that the published keys do not verify.',
              sv: 'Ett intyg som de publicerade nycklarna inte verifierar.',
            })
          return pass({
            en: `An attestation of ${file.length} bytes, verified with the published keys.`,
            sv: `Ett intyg på ${file.length} byte, verifierat med de publicerade nycklarna.`,
          })
        },
        plant: {
          what: {
            en: 'an attestation in memory in which one bit of one byte is changed',
            sv: 'ett intyg i minnet där en bit i en byte är ändrad',
          },
          async over(look) {
            const { file, vkeys } = await read()
            const middle = Math.floor(file.length / 2)
            return look({ file: file.map((byte, at) => (at === middle ? byte ^ 1 : byte)), vkeys })
          },
        },
      }),
    },
  ]
}
