/** The laws, and what an offence against one looks like. */
export const laws = {
  'imports-down': 'imports only point down',
  'products-apart': 'modules of a layer without an order never meet',
  faces: 'modules are entered by their face, through the imports map',
  'readable-imports': 'every import can be read by this test',
  packages: 'some packages have one home',
  environment: 'the environment is read in one file',
  'wall-clock': 'the clock is read in one file',
  network: 'there is one door out',
  gates: 'what opens the database is said only in listed files',
  places: 'every file has a place that architecture.ts knows',
  names: 'names say what is inside',
  length: 'files stay short',
  types: 'types are not silenced',
  header: 'every module has a face that opens with a comment',
} as const
export type Law = keyof typeof laws

export type SourceFile = { path: string; text: string }
export type Offence = { law: Law; path: string; line: number; message: string }
/** Notes an offence at a position of the file being judged. */
export type Note = (law: Law, at: number, message: string) => void

/** `src/keys.ts:12: [law] what. What to do instead.` */
export const describeOffence = ({ law, path, line, message }: Offence): string =>
  `${path}:${line}: [${law}: ${laws[law]}] ${message}`
