import type { Command } from "./command.ts"
import { migrate } from "./migrate.ts"
export const demo: Command = { ...migrate, name: "demo" }
