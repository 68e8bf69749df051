/**
 * Assembly: the assurance of an installation as one thing, for those who show it.
 * Promises: what its parts promise: how claims stand, how that changed, and the same signed.
 * Refuses: nothing of its own.
 * Needs: what its parts need, and the controls of all modules.
 */
import type { Control } from '#kernel/control'
import type { Repeated } from '#platform/loops'
import type { Tenancy } from '#platform/tenancy'
import { upkeepControls } from '#assurance/upkeep'
import { actions as controlActions, checkEveryMs, type Controls, createControls } from '#assurance/controls'
import {
  actions as attestationActions,
  attestationControls,
  type Attestations,
  createAttestations,
} from '#assurance/attestations'

export const actions = [...controlActions, ...attestationActions]

export type Assurance = Controls &
  Attestations & {
    /** Makes the installation's tenant and the first key, if they are not there. Its log is signed when checks first look. */
    prepare(): Promise<void>
    /** What a serving process repeats. */
    readonly loops: readonly Repeated[]
  }

type Needs = Parameters<typeof createControls>[0] &
  Omit<Parameters<typeof createAttestations>[0], 'controls'> & { tenancy: Tenancy }

/** `controls` are those of the modules; those of assurance itself are added to them. */
export function createAssurance(needs: Needs): Assurance & { readonly ownControls: readonly Control[] } {
  const watched = createControls(needs)
  const attestations = createAttestations({ ...needs, controls: watched })
  async function prepare(): Promise<void> {
    await needs.tenancy.ensureInstallation()
    await attestations.ensureKey()
  }
  async function runDue(named?: readonly string[]): Promise<void> {
    await prepare()
    await watched.runDue(named)
  }
  return {
    ...watched,
    ...attestations,
    prepare,
    runDue,
    loops: [
      { name: 'installation', everyMs: 3_600_000, run: prepare, atOnce: true },
      { name: 'checks of claims', everyMs: checkEveryMs, run: () => runDue() },
    ],
    ownControls: [...upkeepControls(needs), ...attestationControls({ attestations })],
  }
}
