import { text } from '../../core/fields.ts'

/** What providers of the clouds need besides a key. Part of `models.providers.<name>`. */
export const cloudFields = {
  region: text(['eu-central-1']).exactOptional().describe('Region of the cloud in which the models run.'),
  project: text(['my-project']).exactOptional().describe('Project of Google Cloud that is charged, or of OpenAI that the key acts for.'),
}
