/**
 * Assembly: the assurance of an installation as one thing, for those who show it.
 * Promises: what its parts promise: how claims stand, how that changed, and the same signed.
 * Refuses: nothing of its own.
 * Needs: what its parts need, and the controls of all modules.
 */
import type { Control } from '#kernel/control'
import type { Tenancy } from '#platform/tenancy'
import { upkeepControls } from '#assurance/upkeep'
import { actions as controlActions, type Controls, createControls } from '#assurance/controls'
import {
  actions as attestationActions,
  attestationControls,
  type Attestations,
  createAttestations,
} from '#assurance/attestations'

export { checkEveryMs } from '#assurance/controls'

export const actions = [...controlActions, ...attestationActions]

export type Assurance = Controls & Attestations

type Needs = Parameters<typeof createControls>[0] &
  Omit<Parameters<typeof createAttestations>[0], 'controls'> & { tenancy: Tenancy }

/** `controls` are those of the modules; those of assurance itself are added to them. */
export function createAssurance(needs: Needs): Assurance & { readonly ownControls: readonly Control[] } {
  const watched = createControls(needs)
  const attestations = createAttestations({ ...needs, controls: watched })
  return {
    ...watched,
    ...attestations,
    async runDue() {
      await needs.tenancy.ensureInstallation()
      await attestations.ensureKey()
      await watched.runDue()
    },
    ownControls: [...upkeepControls(needs), ...attestationControls({ attestations })],
  }
}
