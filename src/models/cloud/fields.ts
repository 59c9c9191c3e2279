import { secret, text } from '../../core/fields.ts'

/** What providers of the clouds need besides a key. Part of `models.providers.<name>`. */
export const cloudFields = {
  region: text(['eu-central-1']).exactOptional().describe('Region of the cloud in which the models run; for Vertex also eu, us or global.'),
  project: text(['my-project']).exactOptional().describe('Project of Google Cloud that is charged, or of OpenAI that the key acts for.'),
  deployment: text(['my-deployment']).exactOptional().describe('Deployment at Azure OpenAI, for its older paths. Left out: the v1 paths.'),
  apiVersion: text(['2024-10-21']).exactOptional().describe("Version of Azure OpenAI's API. Needed with a deployment."),
  accessKeyId: secret()
    .exactOptional()
    .describe("AWS access key. Left out: as AWS's own tools find theirs (environment, web identity, container, instance)."),
  secretAccessKey: secret().exactOptional().describe('The secret of the AWS access key.'),
  sessionToken: secret().exactOptional().describe('The session token of a temporary AWS access key.'),
  keyFile: secret()
    .exactOptional()
    .describe(
      'Text of a key file of a Google service account: file:PATH. Left out: GOOGLE_APPLICATION_CREDENTIALS, else the metadata server.',
    ),
}
