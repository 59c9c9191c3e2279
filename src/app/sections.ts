import { accessSection } from '../control/access-config.ts'
import { serverSections } from '../control/config/server-section.ts'
import type { Section } from '../core/section.ts'
import { modelsSection } from '../models/config.ts'

/** Every section of the configuration file, in the order in which they are documented. A layer adds one line. */
export const SECTIONS: readonly Section[] = [...serverSections, modelsSection, accessSection]
