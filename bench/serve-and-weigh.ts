/** The server of the bench `memory`, run with --expose-gc: serves the home it is told, and weighs itself when asked to. */
import { countRows, type Installation, openInstallation } from './installation.ts'

export type Weight = { heapBytes: number; residentBytes: number; subjects: number }
export type Told = { url: string; key: string } | Weight

const tell = (told: Told): void => void process.send?.(told)

async function weigh({ admin, settle }: Installation): Promise<Weight> {
  await settle()
  // What the first leaves to finalizers is free after the second.
  await globalThis.gc?.({ execution: 'async' })
  await globalThis.gc?.({ execution: 'async' })
  const { heapUsed, rss } = process.memoryUsage()
  return { heapBytes: heapUsed, residentBytes: rss, subjects: await countRows(admin, 'subject_counter') }
}

const installation = await openInstallation(process.argv[2] ?? '')
const url = await installation.serve()
const [tenant] = await installation.addTenants(1)
if (!tenant || !globalThis.gc) throw new Error('there is no tenant, or no --expose-gc')
process.on('message', () => void weigh(installation).then(tell))
process.once('disconnect', () => void installation.close())
tell({ url, key: tenant.key })
