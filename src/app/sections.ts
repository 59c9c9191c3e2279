import { agentsSection } from '../agents/config.ts'
import { accessSection } from '../control/access-config.ts'
import type { ConfigOf } from '../control/config/schema.ts'
import { serverSections } from '../control/config/server-section.ts'
import { moneySection } from '../control/money-config.ts'
import { modelsSection } from '../models/config.ts'
import { guardsSection } from '../stages/guards/config.ts'
import { toolsSection } from '../tools/config.ts'

/** Every section of the configuration file, in the order in which they are documented. A layer adds one line. */
export const SECTIONS = [...serverSections, modelsSection, toolsSection, agentsSection, guardsSection, accessSection, moneySection] as const

/** A checked configuration of all sections. */
export type Config = ConfigOf<typeof SECTIONS>
